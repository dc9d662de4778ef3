import * as assert from 'uvu/assert';
import { suite } from '../../test/runner/suite.ts';
import { ClientConnection } from './client-connection.ts';

const wire = suite('wire: liveness');

wire('a stall is found at the deadline that was told, whatever it is rounded to', () => {
  for (let i = 1; i <= 1000; i++) {
    const connection = new ClientConnection<string>({ dialect: 'text', stallAfter: 2000 });
    connection.send({ verb: 'version' }, 'a', Infinity);
    const start = 100 + i / 1000;
    const bytes = connection.transmit(start);
    connection.sent(bytes!.length);
    const deadline = connection.deadline();
    assert.ok(deadline !== null);
    connection.tick(deadline);
    assert.is(connection.next()?.type, 'closed', `a stall since ${start}`);
  }
});

wire.run();
