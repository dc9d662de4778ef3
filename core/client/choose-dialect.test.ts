import * as assert from 'uvu/assert';
import { suite } from '../../test/suite.ts';
import { ConnectionError, ProtocolError, ServerReplyError } from '../wire/errors.ts';
import type { Reply } from '../wire/reply.ts';
import { chooseDialect } from './choose-dialect.ts';
import { metaDialect } from './dialect-meta.ts';
import { textDialect } from './dialect-text.ts';
import type { Executor } from './executor.ts';

const dialect = suite('choice of a dialect');

const answering = (answer: () => Reply): Executor => ({
  execute: () => new Promise((resolve) => resolve(answer())),
  close: () => Promise.resolve(),
});
const version = (text: string): Executor => answering(() => ({ type: 'VERSION', version: text }));

for (const text of ['1.6.18', '1.6.45', '1.10.0', '2.0.0', '1.6.18-debian']) {
  dialect(`meta for ${text}`, async () => {
    assert.is(await chooseDialect([version(text)]), metaDialect);
  });
}

for (const text of ['1.4.14', '1.5.22', '1.6.6', '1.6.17', 'UNKNOWN', '0.20.0', '']) {
  dialect(`text for ${JSON.stringify(text)}`, async () => {
    assert.is(await chooseDialect([version(text)]), textDialect);
  });
}

dialect('text for what answers with no version', async () => {
  const errors = [new ServerReplyError('ERROR', ''), new ProtocolError('no such line')];
  for (const error of errors) {
    const executor = answering(() => {
      throw error;
    });
    assert.is(await chooseDialect([executor]), textDialect);
  }
});

dialect('no choice where nobody answers', async () => {
  const error = new ConnectionError('refused', 'not-sent');
  const executor = answering(() => {
    throw error;
  });
  try {
    await chooseDialect([executor]);
    assert.unreachable();
  } catch (thrown) {
    assert.is(thrown, error);
  }
});

dialect('of many servers the oldest decides, and those that do not answer do not', async () => {
  const down = answering(() => {
    throw new ConnectionError('refused', 'not-sent');
  });
  const old = version('1.5.22');
  const fresh = version('1.6.18');
  assert.is(await chooseDialect([fresh, old, down]), textDialect);
  assert.is(await chooseDialect([down, fresh, fresh]), metaDialect);
});

dialect.run();
