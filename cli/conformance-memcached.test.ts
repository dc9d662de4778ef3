import * as assert from 'uvu/assert';
import { serverCases } from '../conformance/mod.ts';
import { endpointName } from '../core/client/connection/endpoint.ts';
import { say } from '../test/support/fake-terminal.ts';
import { findProgram, startMemcached } from '../test/support/memcached.ts';
import { suite } from '../test/runner/suite.ts';

const program = findProgram('memcached');
const judge = suite('memwire conformance, of memcached');
const law = 'memcached passes every case';

if (program === null) judge.skip(`${law} (needs memcached)`);
else {judge(law, async () => {
    const server = await startMemcached(program, { unix: true });
    const place = endpointName(server.endpoint);
    const { code, out } = await say([
      'conformance',
      place,
      ...['--has', 'admin', '--timeout', '20000'],
    ]);
    await server.stop();
    assert.is(
      out,
      `${place}, version ${server.version}, empty\n` +
        `${serverCases.length} passed, 0 failed, 0 skipped\n`,
    );
    assert.is(code, 0);
  });}

judge.run();
