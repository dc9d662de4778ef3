import * as assert from 'uvu/assert';
import { CountingClock } from '../../test/support/scripted.ts';
import { suite } from '../../test/runner/suite.ts';
import { MemoryServer } from '../server/memory.ts';
import type { Endpoint } from '../io/transport.ts';
import { UsageError } from '../wire/errors.ts';
import { Bridge } from './bridge.ts';
import type { UpgradeRequest } from './admission.ts';
import { bridgeLimits, type BridgeOptions } from './options.ts';

const door = suite('bridge: door');
const { dial } = new MemoryServer();
const TOKEN = '0123456789abcdef';
const tokens = new Map([['ada', TOKEN], ['bob', 'fedcba9876543210']]);
const origins = ['https://app.example.org'];

const good: UpgradeRequest = {
  address: '192.0.2.7',
  host: 'localhost:8211',
  origin: 'https://app.example.org',
  protocols: 'memcached',
};
const withToken = { ...good, protocols: `memcached, bearer.${TOKEN}` };
const withWrongToken = { ...good, protocols: 'memcached, bearer.0123456789abcdeF' };

function make(options: Partial<BridgeOptions> = {}): Bridge {
  return new Bridge({ upstream: 'localhost', ...options, dial: options.dial ?? dial });
}

function judge(options: Partial<BridgeOptions>, request: UpgradeRequest): number {
  return make(options).admit(request).status;
}

door('by default no page may connect, and nobody else', () => {
  assert.is(judge({}, good), 403);
  for (const origin of [undefined, 'null', 'http://localhost:8211', 'file://']) {
    assert.is(judge({}, { ...good, origin }), 403);
  }
});

door('a page of an origin that is named may connect', () => {
  assert.equal(make({ origins }).admit(good), {
    status: 101,
    address: '192.0.2.7',
    origin: 'https://app.example.org',
    tenant: null,
  });
});

for (
  const origin of [
    'https://app.example.org.evil.example',
    'https://evil.example/https://app.example.org',
    'https://sub.app.example.org',
    'http://app.example.org',
    'https://app.example.org:8443',
    'https://APP.example.org',
    'https://app.example.or',
    '',
    'null',
    undefined,
  ]
) {
  door(`the origin ${origin} is another one`, () => {
    assert.is(judge({ origins }, { ...good, origin }), 403);
    assert.is(judge({ origins, hosts: ['localhost'] }, { ...good, origin }), 403);
  });
}

door('a program that has no origin needs a token', () => {
  for (const origin of [undefined, 'null']) {
    assert.is(judge({ origins, tokens }, { ...withToken, origin }), 101);
    assert.is(judge({ origins, tokens }, { ...good, origin }), 401);
  }
});

door('with tokens, a page needs one and its origin', () => {
  assert.is(judge({ origins, tokens }, withToken), 101);
  assert.is(judge({ origins, tokens }, good), 401);
  assert.is(judge({ tokens }, withToken), 403);
});

door('a token tells whose it is', () => {
  const bob = { ...good, protocols: 'bearer.fedcba9876543210,memcached' };
  const admission = make({ origins, tokens }).admit(bob);
  assert.is(admission.status === 101 && admission.tenant, 'bob');
});

for (const part of ['', '0123456789abcde', `${TOKEN}0`, TOKEN.toUpperCase(), `${TOKEN}\0`]) {
  door(`${JSON.stringify(part)} is not the token`, () => {
    const protocols = `memcached, bearer.${part}`;
    assert.is(judge({ origins, tokens }, { ...good, protocols }), 401);
  });
}

door('a name that was made to lead here is not the host', () => {
  for (
    const host of ['evil.example', 'evil.example:8211', 'localhost.evil.example', '', undefined]
  ) {
    assert.is(judge({ origins }, { ...good, host }), 403);
  }
  for (const host of ['localhost', 'LOCALHOST:1', '127.0.0.1:8211', '[::1]:8211', '[::1]']) {
    assert.is(judge({ origins }, { ...good, host }), 101);
  }
  assert.is(judge({ origins, hosts: ['cache.example.org'] }, good), 403);
});

door('who does not offer the subprotocol is not served', () => {
  for (const protocols of [undefined, '', 'chat', 'memcached2']) {
    assert.is(judge({ origins }, { ...good, protocols }), 400);
  }
});

door('who offers wrong tokens has to wait, and others need not', () => {
  const clock = new CountingClock();
  const bridge = make({ origins, tokens, clock });
  for (let i = 0; i < bridgeLimits.maxFailures; i++) {
    assert.is(bridge.admit(withWrongToken).status, 401);
  }
  assert.is(bridge.admit(withToken).status, 429);
  assert.is(bridge.admit({ ...withToken, address: '192.0.2.8' }).status, 101);
  clock.advance(6000);
  assert.is(bridge.admit(withToken).status, 101);
  assert.is(bridgeLimits.maxFailures, 10);
});

door('so many addresses are remembered, and the oldest is forgotten', () => {
  const bridge = make({ connectRate: 1, clock: new CountingClock() });
  const begin = (address: number): boolean => bridge.begin(String(address)) !== null;
  for (let address = 0; address < 10_000; address++) assert.ok(begin(address));
  // It is the newest now.
  assert.is(begin(0), false);
  assert.ok(begin(10_000));
  assert.equal([begin(0), begin(2)], [false, false]);
  assert.is(begin(1), true);
});

door('an address has so many connections that have not said what they want', () => {
  const bridge = make();
  const leave = Array.from({ length: bridgeLimits.maxHandshakes }, () => bridge.begin('a'));
  assert.is(bridge.begin('a'), null);
  assert.ok(bridge.begin('b') !== null);
  leave[0]?.();
  leave[0]?.();
  assert.ok(bridge.begin('a') !== null);
  assert.is(bridge.begin('a'), null);
  assert.is(bridgeLimits.maxHandshakes, 16);
  const small = make({ maxHandshakes: 2 });
  const leaveSmall = small.begin('a');
  small.begin('a');
  leaveSmall?.();
  assert.ok(small.begin('a') !== null);
  assert.is(small.begin('a'), null);
});

door('an address makes so many connections a second', () => {
  const clock = new CountingClock();
  const bridge = make({ clock, connectRate: 2 });
  const begin = (address: string): boolean => {
    const leave = bridge.begin(address);
    leave?.();
    return leave !== null;
  };
  assert.equal([begin('a'), begin('a'), begin('a'), begin('b')], [true, true, false, true]);
  clock.advance(499);
  assert.is(begin('a'), false);
  clock.advance(1);
  assert.equal([begin('a'), begin('a')], [true, false]);
  assert.is(bridgeLimits.connectRate, 100);
});

door('behind a proxy it is the requests of an address that are counted', () => {
  const clock = new CountingClock();
  const bridge = make({ clock, connectRate: 2, origins, behindProxy: true, maxHandshakes: 1 });
  for (let i = 0; i < 5; i++) assert.ok(bridge.begin('the proxy') !== null);
  assert.equal([1, 2, 3].map(() => bridge.admit(good).status), [101, 101, 429]);
  assert.is(bridge.admit({ ...good, address: '192.0.2.8' }).status, 101);
  clock.advance(500);
  assert.is(bridge.admit(good).status, 101);
});

door('a bridge that is closing lets nobody in', async () => {
  const bridge = make({ origins });
  await bridge.close();
  assert.is(bridge.admit(good).status, 503);
});

const refusesPlace = (options: Partial<BridgeOptions>, at: Endpoint, argument: string): void => {
  assert.throws(
    () => make(options).checkPlace(at),
    (error: unknown) => error instanceof UsageError && error.argument === argument,
  );
};

door('beyond the loopback it wants tokens, and TLS or a proxy that has it', () => {
  const all = { host: '0.0.0.0', port: 8211 };
  const tls = { cert: 'a certificate', key: 'its key' };
  for (const host of ['127.0.0.1', '127.1.2.3', '::1', 'localhost']) {
    make().checkPlace({ host, port: 8211 });
  }
  refusesPlace({}, all, 'tokens');
  refusesPlace({}, { ...all, tls }, 'tokens');
  for (const half of [{}, { cert: tls.cert }, { key: tls.key }]) {
    refusesPlace({ tokens }, { ...all, tls: half }, 'tls');
  }
  refusesPlace({}, { path: '/tmp/bridge' }, 'host');
  refusesPlace({ tokens }, all, 'tls');
  refusesPlace({ tokens }, { host: '127.0.0.1.evil.example', port: 1 }, 'tls');
  make({ tokens }).checkPlace({ ...all, tls });
  make({ tokens, behindProxy: true }).checkPlace(all);
});

const wrong: readonly (readonly [string, Partial<BridgeOptions>])[] = [
  ['origins', { origins: ['*'] }],
  ['origins', { origins: ['https://*.example.org'] }],
  ['origins', { origins: ['https://app.example.org/'] }],
  ['tokens', { tokens: new Map([['a', 'short']]) }],
  ['token', { tokens: new Map([['a', 'not a token, not a token']]) }],
  ['key', { prefix: 'a b' }],
  ['prefix', { prefix: 'x'.repeat(101) }],
  ['server', { upstream: 'http://example.org/' }],
  ...Object.keys(bridgeLimits).flatMap((name) =>
    [0, -1, 1.5, NaN, Infinity, 0x8000_0000, '5', null].map((value) =>
      [name, { [name]: value }] as const
    )
  ),
];

door('a limit may be as large as a timer can be long', () => {
  assert.is(make({ idleTimeout: 0x7fff_ffff }).settings.idleTimeout, 0x7fff_ffff);
});

for (const [argument, options] of wrong) {
  door(`a bridge with ${JSON.stringify(options)} is not made`, () => {
    assert.throws(
      () => make(options),
      (error: unknown) => error instanceof UsageError && error.argument === argument,
    );
  });
}

door.run();
