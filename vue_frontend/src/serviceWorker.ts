/**
 * The page without a line: `/sw.js`, a script of its own (webpack.config.js).
 *
 * Pages come from the network, and from here only where that does not answer: then the empty page of the newest
 * release that is here whole, which says since when it is not connected. Files by hash come from here. All else
 * passes by: what the server says is kept nowhere.
 */
import { SHELL, STATS, filesOf, isFileByHash, isOfRelease, isPage, withoutAnybody } from '@/domain/shell';

interface Waiting extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetching extends Waiting {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface Worker {
  addEventListener(type: 'install' | 'activate', listen: (event: Waiting) => void): void;
  addEventListener(type: 'fetch', listen: (event: Fetching) => void): void;
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void> };
}

const worker = self as unknown as Worker;
const CACHE = 'wardlight';
/** A line that takes longer to answer with a page of two kilobytes is none to wait for. */
const PATIENCE_MS = 10_000;

/** Without cookies: nothing in it is anybody's. */
const ask = (path: string) => fetch(path, { credentials: 'omit', cache: 'no-store' });

/** Keep the release that is served now, whole; those before it go, but for the last one, which may still be open. */
async function keepRelease(): Promise<void> {
  const [page, stats] = await Promise.all([ask(SHELL), ask(STATS)]);
  if (!page.ok || !stats.ok) return;
  const text = await page.text();
  const files = filesOf(await stats.clone().json());
  if (!isOfRelease(text, files)) return;
  const cache = await caches.open(CACHE);
  const listed = await cache.match(STATS);
  const before = listed === undefined ? [] : filesOf(await listed.json());
  for (const file of files) {
    if ((await cache.match(file)) === undefined) await cache.add(new Request(file, { credentials: 'omit' }));
  }
  const headers = new Headers(page.headers);
  // Of the text as it came, not of this one.
  for (const name of ['content-encoding', 'content-length']) headers.delete(name);
  await cache.put(SHELL, new Response(withoutAnybody(text), { headers }));
  if (files.join() === before.join()) return;
  await cache.put(STATS, stats);
  const kept = new Set([SHELL, STATS, ...files, ...before]);
  for (const request of await cache.keys()) {
    if (!kept.has(new URL(request.url).pathname)) await cache.delete(request);
  }
}

/** After a page came from the network: where it is of another release than the kept one, that is kept. */
async function follow(answer: Response): Promise<void> {
  if (!answer.ok || !(answer.headers.get('content-type') ?? '').includes('html')) return;
  const listed = await (await caches.open(CACHE)).match(STATS);
  const files = listed === undefined ? [] : filesOf(await listed.json());
  if (!isOfRelease(await answer.text(), files)) await keepRelease();
}

async function answerPage(event: Fetching): Promise<Response> {
  const kept = await (await caches.open(CACHE)).match(SHELL);
  const asked = fetch(event.request).then((answer) => {
    event.waitUntil(follow(answer.clone()).catch(() => undefined));
    return answer;
  });
  if (kept === undefined) return asked;
  const tooLong = new Promise<Response>((resolve) => setTimeout(() => resolve(kept), PATIENCE_MS));
  return Promise.race([asked.catch(() => kept), tooLong]);
}

async function answerFile(request: Request): Promise<Response> {
  const kept = await (await caches.open(CACHE)).match(request, { ignoreVary: true });
  return kept ?? fetch(request);
}

worker.addEventListener('install', (event) => {
  event.waitUntil(keepRelease().then(() => worker.skipWaiting()));
});
worker.addEventListener('activate', (event) => event.waitUntil(worker.clients.claim()));
worker.addEventListener('fetch', (event) => {
  const { origin, pathname } = new URL(event.request.url);
  if (event.request.method !== 'GET' || origin !== location.origin) return;
  if (event.request.mode === 'navigate' && isPage(pathname)) event.respondWith(answerPage(event));
  else if (isFileByHash(pathname)) event.respondWith(answerFile(event.request));
});
