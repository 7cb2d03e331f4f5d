// @vitest-environment jsdom

import { shallowMount, type VueWrapper } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { http } from '@/api/http';
import RecordForm from '@/components/form/RecordForm.vue';
import { useDeviceStore } from '@/stores/device';
import { useLiveStore } from '@/stores/live';
import { useSessionStore } from '@/stores/session';
import { FakeSocket, makePatient, makeReport, makeUser, settle } from '@/testing';
import RecordView from './RecordView.vue';

const push = vi.fn();
vi.mock('vue-router', () => ({ useRouter: () => ({ push }), useRoute: () => ({ query: {} }) }));

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
  await answer('list', 'notifications');
  await answer('totals', 'reports');
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
  await answer('list', 'notifications');
  expect(hasForm(view)).toBe(false);
  await answer('list', 'reports');
  fake.answer(fake.take('retrieve', 'patients'), 200, makePatient(), 10);
  await settle();
  expect(hasForm(view)).toBe(false);
  giveTable({});
  await settle();
  expect(hasForm(view)).toBe(true);
});

it('waits for nobody but its own patient: the house may be on its way still', async () => {
  fake.drop();
  const view = open();
  fake.hello(10);
  giveTable({});
  expect(fake.take('list').stream).toBe('patients'); // of the line that broke
  await answer('list', 'reports');
  fake.answer(fake.take('retrieve', 'patients'), 200, makePatient(), 10);
  await settle();
  expect(hasForm(view)).toBe(true);
  expect(useLiveStore().state).toBe('reconnecting');
  expect(fake.take('list').stream).toBe('patients');
});

it('does not take a page that waits for its first line for one that has lost it', async () => {
  await answer('list', 'patients', [makePatient()]);
  const view = open();
  expect(hasForm(view)).toBe(false);
});

it('opens the form without the table where that cannot be had', async () => {
  await becomeLive();
  const view = open();
  await answer('list', 'reports');
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

describe('after saving', () => {
  const due = (id: number, change: object) =>
    makePatient({
      id,
      last_name: `Bed${id}`,
      bed: String(id),
      next_due_at: '2026-11-22T12:00:00Z',
      ...change,
    });

  async function save(permissions: string[], others: object[] = []): Promise<VueWrapper> {
    useSessionStore().user = makeUser({ permissions: ['reports.create', ...permissions] });
    await answer('list', 'patients', [makePatient(), ...others]);
    await answer('list', 'notifications');
    fake.drop();
    const view = shallowMount(RecordView, {
      props: { id: 1 },
      global: { renderStubDefaultSlot: true, stubs: { RouterLink: true } },
    });
    view.findComponent(RecordForm).vm.$emit('saved', makeReport({ id: 7 }));
    await settle();
    return view;
  }

  it('offers the patient of this ward whose set is due next', async () => {
    useDeviceStore().ward = '7A';
    const view = await save([], [due(2, {}), due(3, { ward: '8B', next_due_at: '2026-11-22T11:00:00Z' })]);
    const next = view.find('[data-testid=saved-next]');
    expect(next.text()).toBe('Next due: BED2, Ada, Bed 2');
    await view.findComponent('[data-testid=saved-next]').trigger('click');
    expect(push).toHaveBeenLastCalledWith({ name: 'record', params: { id: 2 } });
  });

  it('offers nobody where nothing is due of anybody else', async () => {
    expect((await save([])).find('[data-testid=saved-next]').exists()).toBe(false);
  });

  it('offers to correct what was saved', async () => {
    const view = await save(['reports.change']);
    await view.find('[data-testid=saved-correct]').trigger('click');
    expect(push).toHaveBeenLastCalledWith({
      name: 'report',
      params: { id: 1, report: 7 },
      query: { correct: '1' },
    });
  });

  it('offers it to nobody who may not', async () => {
    expect((await save([])).find('[data-testid=saved-correct]').exists()).toBe(false);
  });
});
