// The list of wire cases.
import type { Case } from '../case.ts';
import { clientCases } from './client-cases.ts';
import { clientEndCases } from './client-end-cases.ts';
import { clientErrorCases } from './client-error-cases.ts';
import { codecCases } from './codec-cases.ts';
import { proofCases } from './proof-cases.ts';
import { quietCases } from './quiet-cases.ts';
import { serverConnectionCases } from './server-cases.ts';
import { simCases } from './sim-cases.ts';

/** Requirements on the protocol core: codecs and the two state machines. Pure. */
export const wireCases: readonly Case<undefined>[] = [
  ...codecCases,
  ...clientCases,
  ...clientErrorCases,
  ...clientEndCases,
  ...proofCases,
  ...quietCases,
  ...serverConnectionCases,
  ...simCases,
];
