// Models of older servers and proxies.
export type { Answer, MetaModel, ServerModel } from './model.ts';
export { ModelServer } from './model-server.ts';
export { serverModel, serverModels } from './models.ts';
