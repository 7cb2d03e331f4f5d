// @vitest-environment jsdom

import { afterEach, expect, it, vi } from 'vitest';

import { http } from './http';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** A fetch that nobody answers, and the limits it was given, in milliseconds. */
function stubFetch(): { fetch: ReturnType<typeof vi.fn>; limits: number[] } {
  const limits: number[] = [];
  vi.spyOn(AbortSignal, 'timeout').mockImplementation((limit) => {
    limits.push(limit);
    return AbortSignal.abort(new DOMException('too late', 'TimeoutError'));
  });
  const fetch = vi.fn((_: string, { signal }: { signal: AbortSignal | null }) =>
    signal === null ? Promise.resolve(new Response('')) : Promise.reject(signal.reason as Error),
  );
  vi.stubGlobal('fetch', fetch);
  return { fetch, limits };
}

it.each([
  ['GET', () => http.get('/api/ranges/')],
  ['POST', () => http.post('/rest-auth/login/', {})],
])('gives up a %s that the server does not answer', async (_, ask) => {
  const { limits } = stubFetch();
  await expect(ask()).rejects.toThrow('too late');
  expect(limits).toEqual([60_000]);
});

it('gives a file the time that it needs', async () => {
  const { limits } = stubFetch();
  await expect(http.post('/api/import/', new FormData())).resolves.toBeNull();
  expect(limits).toEqual([]);
});
