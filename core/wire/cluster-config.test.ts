import * as assert from 'uvu/assert';
import { suite } from '../../test/runner/suite.ts';
import { fromLatin1, latin1 } from './bytes.ts';
import { readClusterConfig, writeClusterConfig } from './cluster-config.ts';
import { ProtocolError } from './errors.ts';

const cluster = suite('cluster configuration');

const text = '12\na.0001.cache.amazonaws.com|10.82.235.120|11211 b_2||11212\n';
const config = {
  version: 12,
  nodes: [
    { host: 'a.0001.cache.amazonaws.com', ip: '10.82.235.120', port: 11211 },
    { host: 'b_2', ip: '', port: 11212 },
  ],
};

cluster('is read as ElastiCache writes it, and written the same', () => {
  assert.equal(readClusterConfig(fromLatin1(text)), config);
  assert.is(latin1(writeClusterConfig(config)), text);
});

cluster('is read with the ends of lines that others write', () => {
  for (const end of ['', '\r\n', '\n\r\n']) {
    assert.equal(readClusterConfig(fromLatin1(text.trimEnd() + end)), config);
  }
});

cluster('more than one space between two servers is as good as one', () => {
  assert.equal(readClusterConfig(fromLatin1(text.replace(' ', '  '))), config);
});

cluster('addresses may be IPv6, and stand for the name', () => {
  const { nodes } = readClusterConfig(fromLatin1('1\n2001:db8::1|2001:db8::1|11211\n'));
  assert.equal(nodes, [{ host: '2001:db8::1', ip: '2001:db8::1', port: 11211 }]);
});

for (
  const bad of [
    '',
    '12',
    '12\n',
    '\na||1\n',
    'x\na||1\n',
    '-1\na||1\n',
    '1\na|1\n',
    '1\na||1|2\n',
    '1\n||1\n',
    '1\na||\n',
    '1\na||0\n',
    '1\na||65536\n',
    '1\na b||1\n',
    '1\n/etc/socket||1\n',
    '1\nuser@host||1\n',
    '1\na|host|1\n',
    '1\na||1\nb||2\n',
    '1\na||1\tb||1\n',
  ]
) {
  cluster(`${JSON.stringify(bad)} is none`, () => {
    assert.throws(
      () => readClusterConfig(fromLatin1(bad)),
      (error: unknown) => error instanceof ProtocolError,
    );
  });
}

cluster.run();
