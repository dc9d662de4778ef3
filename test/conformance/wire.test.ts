import { caseSuite } from '../support/cases.ts';
import { wireCases } from '../../conformance/mod.ts';

caseSuite('wire', wireCases, () => undefined);
