// A web client in a process of its own, which makes the requested number of gets and reports when they
// are done.
import { getOften, type Getter, pageClient, type PageRequest } from './walk-gets.ts';

let client: Promise<Getter> | null = null;

process.on('message', (request: PageRequest) => void answer(request));

async function answer({ port, inFlight, gets }: PageRequest): Promise<void> {
  client ??= pageClient(port);
  await getOften(await client, inFlight, gets);
  process.send?.('done');
}
