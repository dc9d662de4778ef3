// express-session on memcached: a server with sessions, as browsers use it.
import { createServer, type RequestListener } from 'node:http';
import * as assert from 'uvu/assert';
import { sessionStore } from '../../../stores/express-session.ts';
import { hostSuite } from './host-suite.ts';

await hostSuite('stores: express-session', async ({ add, client, down }) => {
  const { default: session } = await import('express-session');
  type Options = Parameters<typeof session>[0];
  type Middleware = (request: unknown, response: unknown, next: (error?: Error) => void) => void;
  interface Sessions {
    session: Record<string, unknown> & Record<'destroy' | 'regenerate', (done: () => void) => void>;
    sessionID: string;
  }

  /** Serves requests with sessions; each answers with the number of requests of its session. */
  async function serve<Result>(
    options: Partial<Options>,
    use: (ask: (path: string) => Promise<string>, cookie: () => string) => Promise<Result>,
  ): Promise<Result> {
    const settings = { secret: 'a secret', resave: false, saveUninitialized: false, ...options };
    const middleware = session(settings) as unknown as Middleware;
    const listener: RequestListener = (request, response) => {
      middleware(request, response, (error) => {
        if (error !== undefined) {
          response.statusCode = 500;
          return response.end(String(error));
        }
        const own = request as unknown as Sessions;
        const done = (): void => {
          if (request.url === '/logout') return void response.end('gone');
          own.session['count'] = Number(own.session['count'] ?? 0) + 1;
          response.end(`${String(own.session['count'])}`);
        };
        if (request.url === '/logout') own.session.destroy(done);
        else if (request.url === '/login') own.session.regenerate(done);
        else done();
      });
    };
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    let cookie = '';
    try {
      return await use(async (path) => {
        const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { cookie } });
        cookie = response.headers.get('set-cookie')?.split(';')[0] ?? cookie;
        return await response.text();
      }, () => cookie);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  const idOf = (cookie: string): string => decodeURIComponent(cookie).slice(14).split('.')[0] ?? '';

  add('a session lasts over requests, and over another server', async () => {
    const kept = await serve(
      { store: sessionStore(session.Store, client()) },
      async (ask, cookie) => {
        assert.equal([await ask('/'), await ask('/'), await ask('/')], ['1', '2', '3']);
        return cookie();
      },
    );
    const found = await client().get<string>(`sess:${idOf(kept)}`);
    assert.is((JSON.parse(found ?? '') as { count: number }).count, 3);
  });

  add('login makes a new session, and logout ends it', async () => {
    const store = sessionStore(session.Store, client());
    await serve({ store }, async (ask, cookie) => {
      await ask('/');
      const before = idOf(cookie());
      assert.is(await ask('/login'), '1');
      const after = idOf(cookie());
      assert.is.not(before, after);
      assert.is(await client().get(`sess:${before}`), undefined);
      assert.ok(await client().get(`sess:${after}`));
      assert.is(await ask('/logout'), 'gone');
      assert.is(await client().get(`sess:${after}`), undefined);
    });
  });

  add('a session ends with its cookie, and each request moves that', async () => {
    const store = sessionStore(session.Store, client());
    await serve({ store, cookie: { maxAge: 50_000 }, rolling: true }, async (ask, cookie) => {
      await ask('/');
      const key = `sess:${idOf(cookie())}`;
      const left = async () => (await client().meta.get(key, { ttl: true }))?.ttl ?? 0;
      assert.ok(await left() > 45 && await left() <= 50);
      await client().touch(key, 10);
      await new Promise<void>((resolve) => {
        store.load(
          idOf(cookie()),
          (_, found) => store.touch(idOf(cookie()), found!, () => resolve()),
        );
      });
      assert.ok(await left() > 45);
    });
  });

  add('a session without an end has the ttl of the store', async () => {
    const store = sessionStore(session.Store, client(), { ttl: 40, prefix: 'own:' });
    await serve({ store }, async (ask, cookie) => {
      await ask('/');
      const { ttl = 0 } = await client().meta.get(`own:${idOf(cookie())}`, { ttl: true }) ?? {};
      assert.ok(ttl > 35 && ttl <= 40);
    });
  });

  add(
    'clear ends all sessions of a store that can be cleared, and is an error of another',
    async () => {
      const store = sessionStore(session.Store, client(), { clearable: true, prefix: 'clear:' });
      await serve({ store }, async (ask) => {
        assert.equal([await ask('/'), await ask('/')], ['1', '2']);
        await new Promise<void>((resolve) => store.clear(() => resolve()));
        assert.is(await ask('/'), '1');
      });
      const other = sessionStore(session.Store, client());
      const error = await new Promise((resolve) => other.clear(resolve));
      assert.match(String(error), /UsageError/);
    },
  );

  add('it is a Store of express-session, and gives null for what it has not', async () => {
    const store = sessionStore(session.Store, client());
    assert.instance(store, session.Store);
    const found = await new Promise((resolve) => store.get('none', (...result) => resolve(result)));
    assert.equal(found, [null, null]);
    const ended = { cookie: { expires: new Date(1), originalMaxAge: 1 } } as never;
    await new Promise<void>((resolve) => store.set('ended', ended, () => resolve()));
    const gone = await new Promise((resolve) => store.get('ended', (...result) => resolve(result)));
    assert.equal(gone, [null, null]);
  });

  add('a server that is down is an error of the request', async () => {
    const store = sessionStore(session.Store, down());
    await serve({ store }, async (ask, cookie) => {
      // Without a cookie nothing is read, and what cannot be stored is reported.
      await ask('/');
      assert.match(cookie(), /^connect\.sid=/);
      assert.match(await ask('/'), /ConnectionError/);
    });
  });
});
