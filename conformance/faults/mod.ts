// The list of fault cases.
import type { Case } from '../case.ts';
import { callCases } from './call-cases.ts';
import { callerCases } from './caller-cases.ts';
import { connectionCases } from './connection-cases.ts';
import type { FaultContext } from './fault-case.ts';
import { replyCases } from './reply-cases.ts';

export { type Consequence, type FaultContext, FaultError, faultFeatures } from './fault-case.ts';

/**
 * Requirements on a client when its server, the network or its caller fails. `FaultError` tells what
 * became of it.
 */
export const faultCases: readonly Case<FaultContext>[] = [
  ...callCases,
  ...callerCases,
  ...connectionCases,
  ...replyCases,
];
