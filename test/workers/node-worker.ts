// A Worker with Node's modules, which runs lists of cases over them.
import { Client, dial } from '../../transport-node/mod.ts';
import type { CaseResults } from '../support/cases.ts';
import { clientContext, type Parameters, portsOf, resultsOf, workerLists } from './lists.ts';
import { socketContext } from './socket-context.ts';

const lists: Readonly<Record<string, (parameters: Parameters) => Promise<CaseResults>>> = {
  '/client': (parameters) =>
    resultsOf(
      workerLists.client,
      clientContext(parameters, (server, options) => new Client(server, options)),
    ),
  '/transport': (parameters) =>
    resultsOf(workerLists.transport, socketContext(dial, portsOf(parameters))),
};

export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    return Response.json(await lists[pathname]?.(Object.fromEntries(searchParams)));
  },
};
