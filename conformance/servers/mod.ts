// Models of older servers and proxies.
export type { MetaModel, ModelAnswer, ServerModel } from './model.ts';
export { ModelServer } from './model-server.ts';
export { serverModel, serverModels } from './models.ts';
