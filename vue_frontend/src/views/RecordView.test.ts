// @vitest-environment jsdom

import { shallowMount, type VueWrapper } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { http } from '@/api/http';
import RecordForm from '@/components/form/RecordForm.vue';
import { useLiveStore } from '@/stores/live';
import { useSessionStore } from '@/stores/session';
import { FakeSocket, makePatient, makeUser, settle } from '@/testing';
import RecordView from './RecordView.vue';

vi.mock('vue-router', () => ({ useRouter: () => ({}) }));

const page = (results: unknown[]) => ({ count: results.length, results });
let fake: FakeSocket;
let giveTable: (table: object) => void;
let refuseTable: (error: Error) => void;

async function answer(action: string, stream: string, rows: unknown[] = []): Promise<void> {
  fake.answer(fake.take(action, stream), 200, page(rows), 10);
  await settle();
}

/** The lists of a fresh screen; the first of them holds the patient. */
async function becomeLive(): Promise<void> {
  await answer('list', 'patients', [makePatient()]);
  for (let status = 0; status < 3; status++) await answer('list', 'notifications');
}

/** As `reports` were asked for: this patient's are the newest request, the ward's totals came before. */
async function answerReports(): Promise<void> {
  while (fake.sent.some((one) => one.stream === 'reports')) await answer('list', 'reports');
}

const open = () => shallowMount(RecordView, { props: { id: 1 }, global: { stubs: { RouterLink: true } } });
const hasForm = (view: VueWrapper) => view.findComponent(RecordForm).exists();

beforeEach(() => {
  setActivePinia(createPinia());
  fake = new FakeSocket();
  vi.spyOn(http, 'get').mockImplementation(
    () =>
      new Promise((resolve, reject) => {
        giveTable = resolve;
        refuseTable = reject;
      }),
  );
  useSessionStore().user = makeUser({ permissions: ['reports.create'] });
  useLiveStore().start(vi.fn(), () => fake);
  fake.hello(10);
});
afterEach(() => {
  useLiveStore().stop();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

it('opens the form of a page that was just loaded when the last sets and the table of ranges are here', async () => {
  const view = open();
  await answer('list', 'patients', [makePatient()]);
  expect(hasForm(view)).toBe(false);
  for (let status = 0; status < 3; status++) await answer('list', 'notifications');
  expect(hasForm(view)).toBe(false);
  await answerReports();
  expect(hasForm(view)).toBe(false);
  giveTable({});
  await settle();
  expect(hasForm(view)).toBe(true);
});

it('does not take a page that waits for its first line for one that has lost it', async () => {
  await answer('list', 'patients', [makePatient()]);
  const view = open();
  expect(hasForm(view)).toBe(false);
});

it('opens the form without the table where that cannot be had', async () => {
  await becomeLive();
  const view = open();
  await answerReports();
  refuseTable(new Error('away'));
  await settle();
  expect(hasForm(view)).toBe(true);
});

it('opens the form at once where the line is down, and keeps it open', async () => {
  await becomeLive();
  fake.drop();
  const view = open();
  expect(hasForm(view)).toBe(true);
  fake.hello(10);
  await settle();
  expect(hasForm(view)).toBe(true);
});

it('waits no longer when the line breaks meanwhile', async () => {
  await becomeLive();
  const view = open();
  fake.drop();
  await settle();
  expect(hasForm(view)).toBe(true);
});

it('waits no longer than ten seconds for a server that answers nothing', async () => {
  await answer('list', 'patients', [makePatient()]);
  vi.useFakeTimers();
  const view = open();
  await vi.advanceTimersByTimeAsync(9_999);
  expect(hasForm(view)).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(hasForm(view)).toBe(true);
});
