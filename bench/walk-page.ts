// A web client in a process of its own: gets as often as it is told to, and says when it is done.
import { getOften, type Getter, pageClient, type PageRequest } from './walk-gets.ts';

let client: Promise<Getter> | null = null;

process.on('message', (request: PageRequest) => void answer(request));

async function answer({ port, inFlight, gets }: PageRequest): Promise<void> {
  client ??= pageClient(port);
  await getOften(await client, inFlight, gets);
  process.send?.('done');
}
