import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { settle } from '@/testing';

const SITE = 'https://ward.example';
type Listen = (event: Record<string, unknown>) => void;

/** As much of a cache as is used: answers by path. */
class FakeCache {
  answers = new Map<string, Response>();
  private path = (asked: Request | string) =>
    new URL(asked instanceof Request ? asked.url : asked, SITE).pathname;
  match = async (asked: Request | string) => this.answers.get(this.path(asked))?.clone();
  put = async (asked: string, answer: Response) => void this.answers.set(this.path(asked), answer);
  add = async (asked: Request) => void this.answers.set(this.path(asked), await fetch(asked));
  delete = async (asked: Request) => this.answers.delete(this.path(asked));
  keys = async () => [...this.answers.keys()].map((path) => new Request(SITE + path));
}

let cache: FakeCache;
let listeners: Record<string, Listen>;
let release: string;
let isThere: boolean;
let asked: { path: string; credentials: string | undefined }[];

const hash = () => release.repeat(10);

async function answer(input: Request | string, options?: RequestInit): Promise<Response> {
  const path = new URL(input instanceof Request ? input.url : input, SITE).pathname;
  asked.push({ path, credentials: options?.credentials ?? (input as Request).credentials });
  if (!isThere) throw new TypeError('Failed to fetch');
  if (path.endsWith('webpack-stats.json')) {
    return Response.json({
      assets: { [`main.${hash()}.js`]: {}, 'both.aaaaaaaaaa.css': {}, 'icon.svg': {} },
    });
  }
  if (path.startsWith('/static/')) return new Response(path);
  const page = `<html data-signed-in="no"><script src="/static/app/main.${hash()}.js">`;
  return new Response(page, {
    headers: { 'Content-Type': 'text/html', 'Content-Security-Policy': 'strict' },
  });
}

/** What the worker answers; null where it leaves the request to the browser. */
async function get(path: string, mode = 'navigate', method = 'GET'): Promise<string | null> {
  let answered: Promise<Response> | null = null;
  const request = Object.assign(new Request(SITE + path, { method }), {});
  Object.defineProperty(request, 'mode', { value: mode });
  const work: Promise<unknown>[] = [];
  listeners.fetch!({
    request,
    respondWith: (one: Promise<Response>) => (answered = one),
    waitUntil: (one: Promise<unknown>) => work.push(one),
  });
  if (answered === null) return null;
  const text = await (await (answered as Promise<Response>)).text();
  await settle();
  await Promise.all(work);
  return text;
}

async function install(): Promise<void> {
  let work: Promise<unknown> = Promise.resolve();
  listeners.install!({ waitUntil: (one: Promise<unknown>) => (work = one) });
  await work;
}

const kept = () => [...cache.answers.keys()].sort();

beforeEach(async () => {
  vi.resetModules();
  [cache, listeners, release, isThere, asked] = [new FakeCache(), {}, '1', true, []];
  vi.stubGlobal('self', {
    addEventListener: (type: string, listen: Listen) => (listeners[type] = listen),
    skipWaiting: async () => undefined,
    clients: { claim: async () => undefined },
  });
  vi.stubGlobal('location', { origin: SITE });
  vi.stubGlobal('caches', { open: async () => cache });
  vi.stubGlobal('fetch', answer);
  const RealRequest = Request;
  vi.stubGlobal(
    'Request',
    class extends RealRequest {
      constructor(input: string, options?: RequestInit) {
        super(new URL(input, SITE), options);
      }
    },
  );
  await import('./serviceWorker');
  await install();
});
afterEach(() => void vi.unstubAllGlobals());

describe('the service worker', () => {
  it('keeps the empty page and the files by hash of its release, all fetched without cookies', () => {
    expect(kept()).toEqual([
      '/',
      '/static/app/both.aaaaaaaaaa.css',
      '/static/app/main.1111111111.js',
      '/static/app/webpack-stats.json',
    ]);
    expect(new Set(asked.map((one) => one.credentials))).toEqual(new Set(['omit']));
  });

  it('takes pages from the network, and the kept one where there is none', async () => {
    expect(await get('/patients/3')).toContain('data-signed-in="no"');
    isThere = false;
    expect(await get('/patients/3')).toContain('data-signed-in="unknown"');
    expect((await cache.match('/'))?.headers.get('Content-Security-Policy')).toBe('strict');
  });

  it('takes files by hash from what is kept', async () => {
    isThere = false;
    expect(await get('/static/app/main.1111111111.js', 'no-cors')).toContain('main.1111111111.js');
  });

  it.each([
    ['/api/patients/', 'cors', 'GET'],
    ['/api/patients/', 'navigate', 'GET'],
    ['/rest-auth/user/', 'cors', 'GET'],
    ['/admin/', 'navigate', 'GET'],
    ['/swagger', 'navigate', 'GET'],
    ['/health/live', 'navigate', 'GET'],
    ['/static/app/webpack-stats.json', 'cors', 'GET'],
    ['/', 'cors', 'GET'],
    ['/', 'navigate', 'POST'],
  ])('leaves %s alone (%s, %s)', async (path, mode, method) => {
    const before = kept();
    expect(await get(path, mode, method)).toBeNull();
    expect(kept()).toEqual(before);
  });

  it('follows an update with the next page, and lets go of what is two releases old', async () => {
    release = '2';
    await get('/');
    expect(kept()).toContain('/static/app/main.1111111111.js');
    expect(kept()).toContain('/static/app/main.2222222222.js');
    release = '3';
    await get('/');
    expect(kept()).not.toContain('/static/app/main.1111111111.js');
    expect(kept()).toContain('/static/app/main.2222222222.js');
    isThere = false;
    expect(await get('/')).toContain('main.3333333333.js');
  });

  it('stays with what it has where page and files are of two releases', async () => {
    release = '2';
    const mixed = vi.fn(async (input: Request | string, options?: RequestInit) => {
      const isStats = String(input instanceof Request ? input.url : input).endsWith('.json');
      release = isStats ? '1' : '2';
      return answer(input, options);
    });
    vi.stubGlobal('fetch', mixed);
    await get('/');
    isThere = false;
    expect(await get('/')).toContain('main.1111111111.js');
  });
});
