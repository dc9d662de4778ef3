// Sessions of React Router on memcached, by the functions that its applications call.
import * as assert from 'uvu/assert';
import { rejects } from '../../../conformance/assert.ts';
import { UsageError } from '../../../core/wire/errors.ts';
import { sessionStrategy, type SessionStrategyOptions } from '../../../stores/remix.ts';
import { hostSuite } from './host-suite.ts';

await hostSuite('stores: sessions of React Router', async ({ add, client, down }) => {
  const { createSessionStorage } = await import('react-router');
  const own = { name: '__session', secrets: ['a secret'] };
  const storage = (cookie: object = {}, options?: SessionStrategyOptions, of = client()) =>
    createSessionStorage({ cookie: { ...own, ...cookie }, ...sessionStrategy(of, options) });
  /** What a browser sends back. */
  const sent = (header: string): string => header.split(';')[0] ?? '';
  const left = async (id: string, prefix = 'session:'): Promise<number | undefined> =>
    (await client().meta.get(prefix + id, { ttl: true }))?.ttl;

  /** A new session with a name in it, as it comes back with the next request. */
  async function start({ getSession, commitSession }: ReturnType<typeof storage>, how?: object) {
    const session = await getSession();
    session.set('name', 'Ada');
    const cookie = sent(await commitSession(session, how));
    return { cookie, session: await getSession(cookie) };
  }

  add('a session lasts over requests, and over another server', async () => {
    const { cookie, session } = await start(storage());
    assert.is(session.get('name'), 'Ada');
    const other = storage();
    const there = await other.getSession(cookie);
    assert.is(there.id, session.id);
    there.set('visits', 2);
    const again = sent(await other.commitSession(there));
    assert.equal((await storage().getSession(again)).data, { name: 'Ada', visits: 2 });
    assert.equal(await client().get(`session:${session.id}`), { name: 'Ada', visits: 2 });
  });

  add('each session has an id of its own, and nobody else has one', async () => {
    const [one, other] = [await start(storage()), await start(storage())];
    assert.is.not(one.session.id, other.session.id);
    const stranger = await storage().getSession();
    assert.equal([stranger.id, stranger.data], ['', {}]);
    // The signature of another id.
    const forged = other.cookie.replace(/=.*?\./, '=ImEi.');
    assert.equal((await storage().getSession(forged)).data, {});
  });

  add('what is flashed is read once', async () => {
    const { getSession, commitSession } = storage();
    const session = await getSession();
    session.flash('message', 'saved');
    const cookie = sent(await commitSession(session));
    const next = await getSession(cookie);
    assert.is(next.get('message'), 'saved');
    await commitSession(next);
    assert.not.ok((await getSession(cookie)).has('message'));
  });

  add('a session that was destroyed is gone for each who has its cookie', async () => {
    const { getSession, destroySession } = storage();
    const { cookie, session } = await start(storage());
    assert.match(await destroySession(session), /^__session=; /);
    assert.equal((await getSession(cookie)).data, {});
    assert.is(await client().get(`session:${session.id}`), undefined);
  });

  add('a session ends with its cookie, and each commit moves that', async () => {
    const limited = storage({ maxAge: 100 });
    const { session } = await start(limited);
    const first = await left(session.id) ?? 0;
    assert.ok(first > 90 && first <= 100);
    await limited.commitSession(session, { maxAge: 200 });
    const second = await left(session.id) ?? 0;
    assert.ok(second > 190 && second <= 200);
    const until = new Date(Date.now() + 300_000);
    await limited.commitSession(session, { expires: until });
    const third = await left(session.id) ?? 0;
    assert.ok(third > 290 && third <= 300);
    await limited.commitSession(session, { expires: new Date(1) });
    assert.is(await left(session.id), undefined);
  });

  add('a cookie without an end has the ttl of the options', async () => {
    const day = await left((await start(storage())).session.id) ?? 0;
    assert.ok(day > 86_390 && day <= 86_400);
    const options = { prefix: 'own:', ttl: 40 };
    const own = await left((await start(storage({}, options))).session.id, 'own:') ?? 0;
    assert.ok(own > 30 && own <= 40);
  });

  add('more than a month is possible', async () => {
    const { session } = await start(storage(), { maxAge: 90 * 86_400 });
    assert.ok((await left(session.id) ?? 0) > 89 * 86_400);
  });

  add('an id that is no text, as a cookie without a signature may have, is refused', async () => {
    const strategy = sessionStrategy(client());
    const id = { toString: () => 'a' } as unknown as string;
    for (const call of [strategy.readData(id), strategy.updateData(id, {})]) {
      assert.is((await rejects(call, UsageError)).argument, 'id');
    }
    await strategy.updateData('any text: ä', { name: 'Ada' });
    assert.equal(await strategy.readData('any text: ä'), { name: 'Ada' });
  });

  add('what cannot be stored is refused, and so is an option that it has not', async () => {
    const session = await storage().getSession();
    session.set('map', new Map());
    await rejects(storage().commitSession(session), UsageError);
    assert.throws(() => storage({}, { tll: 1 } as object), /tll/);
  });

  add('a server that is down is an error of reading and of storing', async () => {
    const { cookie } = await start(storage());
    const { getSession, commitSession } = storage({}, {}, down());
    const calls = [getSession(cookie), getSession().then(commitSession)];
    for (const end of await Promise.allSettled(calls)) {
      assert.match(String(end.status === 'rejected' && end.reason), /ConnectionError/);
    }
    assert.equal((await getSession()).data, {});
  });
});
