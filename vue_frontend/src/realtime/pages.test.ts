import { beforeEach, expect, it, vi } from 'vitest';

import { FakeSocket, settle } from '@/testing';
import { ObsSocket } from './obsSocket';
import { FIRST_PAGE_BYTES, PAGE_BYTES, askForPage, pagesOf, type Page } from './pages';
import { NoAnswer } from './protocol';

let fake: FakeSocket;
let socket: ObsSocket;

beforeEach(() => {
  fake = new FakeSocket();
  const listen = vi.fn();
  socket = new ObsSocket(() => fake, {
    onState: listen,
    onHello: listen,
    onHeartbeat: listen,
    onPush: listen,
    onSignedOut: listen,
  });
  socket.open();
  fake.hello(4);
});

it('hold to a size, and each page is asked for by the cursor of the one before', async () => {
  const pages: Page<number>[] = [];
  const all = (async () => {
    for await (const page of pagesOf<number>(socket, 'patients', { filters: { status: 'active' } })) {
      pages.push(page);
    }
  })();
  const first = fake.take('list').payload;
  expect(first).toMatchObject({ filters: { status: 'active' }, max_bytes: FIRST_PAGE_BYTES, limit: 100 });
  expect(first).not.toHaveProperty('cursor');
  expect(FIRST_PAGE_BYTES).toBeLessThan(PAGE_BYTES);
  expect(PAGE_BYTES).toBeLessThan(64_000);
  const answer = (data: object, event: number, request_id: string) =>
    fake.push('patients', { action: 'list', request_id, response_status: 200, errors: [], data, event });
  answer({ count: 3, results: [1, 2], next: 'c1' }, 7, first.request_id);
  await settle();
  const second = fake.take('list').payload;
  expect(second).toMatchObject({ filters: { status: 'active' }, max_bytes: PAGE_BYTES, cursor: 'c1' });
  answer({ count: 3, results: [3], next: null }, 9, second.request_id);
  await all;
  expect(fake.sent).toEqual([]);
  expect(pages).toEqual([
    { count: 3, results: [1, 2], next: 'c1', event: 7 },
    { count: 3, results: [3], next: null, event: 9 },
  ]);
});

it('of a server that knows no cursors are no whole list, unless they are short', async () => {
  const rows = [1, 2];
  const asking = askForPage(socket, 'patients', { limit: 2 });
  fake.answer(fake.take('list'), 200, { count: 9, results: rows }, 4);
  await expect(asking).rejects.toBeInstanceOf(NoAnswer);
  const short = askForPage(socket, 'patients', { limit: 3 });
  fake.answer(fake.take('list'), 200, { count: 2, results: rows }, 4);
  expect(await short).toEqual({ count: 2, results: rows, next: null, event: 4 });
});
