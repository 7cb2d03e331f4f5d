import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, expect, it, vi } from 'vitest';

import { FakeSocket, makeReport, makeUser, settle } from '@/testing';
import { useLiveStore } from './live';
import { useSessionStore } from './session';
import { useStruckStore } from './struck';

let fake: FakeSocket;

const row = (history_id: number, patient = 7, history_type = '-') => ({
  ...makeReport({ id: history_id + 100, patient }),
  history_id,
  history_type,
});

beforeEach(async () => {
  setActivePinia(createPinia());
  fake = new FakeSocket();
  useSessionStore().user = makeUser();
  useLiveStore().start(vi.fn(), () => fake);
  fake.hello(10);
  // The house's lists: no page is asked for beside another.
  for (const stream of ['patients', 'notifications']) {
    fake.answer(fake.take('list', stream), 200, { count: 0, results: [] }, 10);
    await settle();
  }
  fake.answer(fake.take('totals'), 200, { count: 0, results: [] }, 10);
});

function push(version: object, event: number, action = 'create'): void {
  fake.push('history', { type: 'change', action, data: { ...version }, event });
}
const ids = (patient = 7) =>
  useStruckStore()
    .ofPatient(patient)
    .map((one) => one.history_id);

it('asks for the last rows of one patient, and follows what is struck from then on', async () => {
  const answer = useStruckStore().watch(useLiveStore().currentSocket(), 7);
  const request = fake.take('list', 'history');
  expect(request.payload.filters).toEqual({ patient: 7, history_type: '-' });
  fake.answer(request, 200, { count: 1, results: [row(1)] }, 20);
  await answer;
  push(row(2), 21);
  push(row(3, 8), 22);
  push(row(4, 7, '~'), 23);
  push({ history_id: 1, id: 101 }, 24, 'delete');
  await settle();
  expect(ids()).toEqual([1, 2]);
  expect(ids(8)).toEqual([]);
});

it('holds nothing of whom nobody looks at', async () => {
  const struck = useStruckStore();
  const answer = struck.watch(useLiveStore().currentSocket(), 7);
  struck.clear();
  fake.answer(fake.take('list', 'history'), 200, { count: 1, results: [row(1)] }, 20);
  await answer;
  expect(ids()).toEqual([]);
});
