// The cache handler of Next, by its contract, on memcached. `npx tsx package/users/hosts/next-run.ts`
// builds and starts a real Next with it, which takes longer than a test may.
import * as assert from 'uvu/assert';
import { nextCacheHandler } from '../../../stores/next.ts';
import { hostSuite } from './host-suite.ts';

await hostSuite('stores: the cache of Next', ({ add, client, down }) => {
  const make = (prefix = 'next:') => new (nextCacheHandler(client(), { prefix }))();
  const page = (html: string, tags: string) => ({
    kind: 'APP_PAGE',
    html,
    rscData: Buffer.from([0, 255, 13, 10]),
    postponed: undefined,
    status: 200,
    headers: { 'x-next-cache-tags': tags },
    segmentData: new Map([['/_tree', Buffer.from('tree')], ['/index', Buffer.from('index')]]),
  });
  const fetched = (body: string) => ({
    kind: 'FETCH',
    data: { headers: {}, body, status: 200, url: 'https://example.com/' },
    revalidate: 60,
  });

  add('a page comes back with its Buffers, its Map and its lifetime', async () => {
    const cacheControl = { revalidate: 60, expire: 3600 };
    const before = Date.now();
    await make().set('/a page', page('<p>', 'a,_N_T_/a'), { cacheControl });
    const found = await make().get('/a page', {});
    assert.ok(found !== null && found.lastModified >= before);
    assert.equal(found.cacheControl, cacheControl);
    // As in all JSON, what is undefined is not there.
    const { postponed: _, ...stored } = page('<p>', 'a,_N_T_/a');
    assert.equal(found.value, stored);
    const { rscData } = found.value as { rscData: unknown };
    assert.ok(Buffer.isBuffer(rscData));
  });

  add('a value may look like one of the marks', async () => {
    const value = {
      kind: 'PAGES',
      html: '',
      pageData: { $bytes: 'AAA', deep: { $map: [[1, 2]] } },
    };
    await make().set('/marks', value);
    assert.equal((await make().get('/marks'))?.value, value);
  });

  add('a tag is revalidated on all servers, and for all that have it', async () => {
    const [one, other] = [make(), make()];
    await one.set('/1', page('one', 'x,y'));
    await one.set('/2', page('two', 'y'));
    await one.set('f', fetched('three'), { tags: ['x'] });
    await other.revalidateTag('x');
    assert.is(await one.get('/1'), null);
    assert.is(await one.get('f', { tags: ['x'], softTags: [] }), null);
    assert.ok(await other.get('/2'));
    await other.set('/1', page('new', 'x,y'));
    assert.is((await one.get('/1'))?.value && 'hit', 'hit');
    await one.revalidateTag(['x', 'y']);
    assert.is(await other.get('/1'), null);
    assert.is(await other.get('/2'), null);
  });

  add('a page that is revalidated takes along what it has fetched', async () => {
    const handler = make();
    await handler.set('soft', fetched('body'), { tags: [] });
    const asked = { tags: [], softTags: ['_N_T_/soft'] };
    assert.ok(await handler.get('soft', asked));
    // Its page is stored after it, which revalidates nothing.
    await handler.set('/soft', page('soft', '_N_T_/soft'));
    assert.ok(await handler.get('soft', asked));
    await new Promise((resolve) => setTimeout(resolve, 5));
    await handler.revalidateTag('_N_T_/soft');
    assert.is(await handler.get('soft', asked), null);
  });

  add('an entry does not outlive the item of its tag', async () => {
    const handler = make('evicted:');
    await handler.set('/1', page('one', 'x'));
    await handler.revalidateTag('x');
    await client().delete('evicted:tag:x');
    assert.is(await handler.get('/1'), null);
    await handler.set('/2', page('two', 'x'));
    assert.is(await handler.get('/1'), null);
    assert.ok(await handler.get('/2'));
  });

  add('null deletes, a miss is null, and prefixes are apart', async () => {
    await make('a:').set('/1', page('one', ''));
    assert.ok(await make('a:').get('/1'));
    assert.is(await make('b:').get('/1'), null);
    await make('a:').set('/1', null);
    assert.is(await make('a:').get('/1'), null);
    make().resetRequestCache();
  });

  add('a server that is down is a miss, and an error of revalidating', async () => {
    const errors: unknown[] = [];
    const Handler = nextCacheHandler(down(), { onError: (error) => errors.push(error) });
    const handler = new Handler();
    assert.is(await handler.get('/1'), null);
    await handler.set('/1', page('one', 'x'));
    assert.is(errors.length, 2);
    const error = await handler.revalidateTag('x').catch((one: unknown) => one);
    assert.match(String(error), /ConnectionError/);
  });
  return Promise.resolve();
});
