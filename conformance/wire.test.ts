import { caseSuite } from '../test/cases.ts';
import { wireCases } from './mod.ts';

caseSuite('wire', wireCases, () => undefined);
