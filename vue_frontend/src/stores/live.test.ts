import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { http, HttpError } from '@/api/http';
import {
  EPOCH,
  FakeSocket,
  makeNews2,
  makeNotification,
  makePatient,
  makeReport,
  makeUser,
  settle,
} from '@/testing';
import { useClockStore } from './clock';
import { useLiveStore } from './live';
import { useNotificationsStore } from './notifications';
import { usePatientsStore } from './patients';
import { useReportsStore } from './reports';
import { useSessionStore } from './session';

const page = (results: unknown[]) => ({ count: results.length, results });

/** Answer the lists that a fresh screen asks for, one after the other: no page is asked for beside another. */
async function answerLists(fake: FakeSocket, event: number, patients: unknown[], open: unknown[] = []) {
  fake.answer(fake.take('list', 'patients'), 200, page(patients), event);
  await settle();
  fake.answer(fake.take('list', 'notifications'), 200, page(open), event);
  await settle();
}

let fake: FakeSocket;
let signedOut: () => void;

async function start(patients: unknown[] = [makePatient()]) {
  const live = useLiveStore();
  useSessionStore().user = makeUser();
  live.start(signedOut, () => fake);
  fake.hello(10);
  await answerLists(fake, 10, patients);
  return live;
}

const change = (data: unknown, event: number, action = 'update') => ({ type: 'change', action, data, event });

beforeEach(() => {
  setActivePinia(createPinia());
  fake = new FakeSocket();
  signedOut = vi.fn();
  vi.spyOn(http, 'get').mockResolvedValue({ pk: 1, username: 'nurse', permissions: [] });
});
afterEach(() => useLiveStore().stop());

describe('the live connection', () => {
  it('is live once the lists are here, and not before', async () => {
    const live = useLiveStore();
    live.start(signedOut, () => fake);
    fake.hello(10);
    expect(live.state).toBe('reconnecting');
    await answerLists(fake, 10, [makePatient()]);
    expect(live.state).toBe('live');
  });

  it('says of a dead line at once that it is not connected, until it is live again', async () => {
    const live = await start();
    live.giveUp();
    expect(live.state).toBe('offline');
    fake.hello(12);
    expect(live.state).toBe('offline');
    fake.answer(fake.take('resume'), 200, { last: 12 });
    await settle();
    expect(live.state).toBe('live');
    fake.drop();
    expect(live.state).toBe('reconnecting');
  });

  it('says when no worker sends reminders, until one does again', async () => {
    const live = await start();
    expect(live.hasWorker).toBe(true);
    fake.heartbeat(10, EPOCH, false);
    expect(live.hasWorker).toBe(false);
    fake.heartbeat(10);
    expect(live.hasWorker).toBe(true);
    fake.hello(10, EPOCH, false);
    expect(live.hasWorker).toBe(false);
    live.stop();
    expect(live.hasWorker).toBe(true);
  });

  it('shows a pushed change at once and ignores an older one that comes after it', async () => {
    await start();
    const patients = usePatientsStore();
    fake.push('patients', change(makePatient({ bed: '9' }), 12));
    fake.push('patients', change(makePatient({ bed: '5' }), 11));
    expect(patients.get(1)?.bed).toBe('9');
  });

  it('keeps a change that was pushed while the list was on its way', async () => {
    const live = useLiveStore();
    live.start(signedOut, () => fake);
    fake.hello(10);
    fake.push('patients', change(makePatient({ bed: 'moved' }), 11));
    await answerLists(fake, 10, [makePatient({ bed: 'old' })]);
    expect(usePatientsStore().get(1)?.bed).toBe('moved');
  });

  it('shows each page of a list as it comes, in the order of the board, and is live after the last', async () => {
    const live = useLiveStore();
    const patients = usePatientsStore();
    const notifications = useNotificationsStore();
    patients.first = { order: 'bed', ward: '7A' };
    live.start(signedOut, () => fake);
    fake.hello(10);
    const ofWard = fake.take('list', 'patients');
    expect(ofWard.payload.filters).toEqual({ status: 'active', ordering: 'ward,bed', ward: '7A' });
    fake.answer(ofWard, 200, { ...page([makePatient()]), next: null }, 10);
    await settle();
    fake.answer(fake.take('list', 'notifications'), 200, { ...page([makeNotification()]), next: 'n' }, 10);
    await settle();
    expect([patients.isWardLoaded('7A'), patients.isWardLoaded('8B'), patients.isLoaded]).toEqual([
      true,
      false,
      false,
    ]);
    expect(notifications.open).toHaveLength(1);
    expect(notifications.isLoaded).toBe(false);
    fake.answer(fake.take('list', 'patients'), 200, { ...page([makePatient()]), next: 'p' }, 10);
    await settle();
    fake.answer(fake.take('list', 'notifications'), 200, { ...page([]), next: null }, 10);
    await settle();
    expect([notifications.isLoaded, live.state]).toEqual([true, 'reconnecting']);
    const last = fake.take('list', 'patients');
    expect(last.payload.cursor).toBe('p');
    fake.answer(last, 200, { ...page([makePatient({ id: 2, ward: '8B' })]), next: null }, 10);
    await settle();
    expect([patients.isLoaded, live.state]).toEqual([true, 'live']);
    expect(patients.active).toHaveLength(2);
  });

  it('loses, doubles and brings back nobody who changes while the pages come', async () => {
    const live = await start([1, 2, 3, 4, 5, 6].map((id) => makePatient({ id })));
    const patients = usePatientsStore();
    fake.drop();
    fake.hello(900);
    fake.answer(fake.take('resume'), 410, null, undefined, ['too old']);
    await settle();
    const answer = async (ids: number[], event: number, next: string | null) => {
      const rows = ids.map((id) => makePatient({ id, bed: 'listed' }));
      fake.answer(fake.take('list', 'patients'), 200, { ...page(rows), next }, event);
      await settle();
    };
    await answer([1, 2, 3], 900, 'c');
    fake.answer(fake.take('list', 'notifications'), 200, page([]), 900);
    await settle();
    // One moved before the place where the next page begins, which is newer than that.
    fake.push('patients', change(makePatient({ id: 4, bed: 'moved' }), 901));
    // Listed on the first page: one is changed, one discharged, one deleted.
    fake.push('patients', change(makePatient({ id: 1, bed: 'pushed' }), 902));
    fake.push('patients', change(makePatient({ id: 2, dismissal_date: '2026-11-22T11:00:00Z' }), 903));
    fake.push('patients', change({ id: 3 }, 904, 'delete'));
    fake.push('patients', change(makePatient({ id: 7, bed: 'new' }), 905, 'create'));
    await answer([3, 5], 902, null);
    fake.push('patients', change(makePatient({ id: 5, bed: 'older' }), 901));
    expect(live.state).toBe('live');
    const beds = Object.fromEntries(patients.active.map((one) => [one.id, one.bed]));
    expect(beds).toEqual({ 1: 'pushed', 4: 'moved', 5: 'listed', 7: 'new' });
  });

  it('takes the totals of a day as numbers, in pages, and those that are pushed after them', async () => {
    const live = await start();
    const reports = useReportsStore();
    const first = fake.take('totals', 'reports');
    const at = Date.parse('2026-11-22T11:00:00Z');
    fake.answer(first, 200, { count: 3, results: [[9, 1, at, 7, true]], next: 'c' }, 10);
    await settle();
    fake.push('reports', change(makeReport({ id: 10, news2: makeNews2({ score: 1 }) }), 11, 'create'));
    const rest = [
      [8, 1, at - 3_600_000, 5, null],
      [7, 2, at, null, null],
    ];
    fake.answer(fake.take('totals'), 200, { count: 3, results: rest, next: null }, 10);
    await settle();
    expect(reports.totalsOf.get(1)?.map((one) => [one.id, one.score])).toEqual([
      [8, 5],
      [9, 7],
      [10, 1],
    ]);
    expect(reports.totalsOf.get(2)).toEqual([]);
    expect(reports.isOnOxygen(makePatient())).toBe(true);
    expect(live.socket?.isBusy).toBe(false);
  });

  it('resumes after a lost line, keeps everything in sight meanwhile, and takes the replay once', async () => {
    const live = await start();
    const patients = usePatientsStore();
    fake.heartbeat(15);
    fake.drop();
    expect(live.state).toBe('reconnecting');
    expect(patients.active).toHaveLength(1);
    fake.hello(20);
    const resume = fake.take('resume');
    expect(resume.payload.since).toBe(15);
    fake.push('patients', change(makePatient({ bed: 'live' }), 21));
    fake.push('patients', change(makePatient({ bed: 'replayed' }), 17));
    fake.answer(resume, 200, { last: 20 });
    await settle();
    expect(live.state).toBe('live');
    expect(patients.get(1)?.bed).toBe('live');
  });

  it('lists afresh when the missed events are no longer kept, and drops who is gone', async () => {
    const live = await start([makePatient(), makePatient({ id: 2 })]);
    fake.drop();
    fake.hello(900);
    fake.answer(fake.take('resume'), 410, null, undefined, ['too old']);
    await settle();
    expect(live.state).toBe('reconnecting');
    await answerLists(fake, 900, [makePatient({ id: 2 })]);
    expect(usePatientsStore().active.map((one) => one.id)).toEqual([2]);
    expect(live.state).toBe('live');
  });

  it('takes smaller numbers of a restored database for what they are', async () => {
    await start();
    fake.drop();
    fake.hello(3, 'epoch-2');
    await answerLists(fake, 3, [makePatient({ bed: 'restored' })]);
    expect(usePatientsStore().get(1)?.bed).toBe('restored');
    fake.push('patients', change(makePatient({ bed: 'then moved' }), 4));
    expect(usePatientsStore().get(1)?.bed).toBe('then moved');
  });

  it('says "not connected" when the line has been away for 15 seconds', async () => {
    const live = await start();
    fake.drop();
    const clock = useClockStore();
    clock.now += 15_000;
    expect(live.state).toBe('offline');
  });

  it('signs out when the server says so, and forgets the patients', async () => {
    await start();
    fake.drop(4401);
    expect(signedOut).toHaveBeenCalledOnce();
    expect(useSessionStore().reason).toBe('ended');
    expect(usePatientsStore().active).toEqual([]);
  });

  it('signs out when a refused handshake turns out to be an ended sign-in', async () => {
    await start();
    vi.spyOn(http, 'get').mockRejectedValue(new HttpError(401, null));
    fake.drop(1006);
    await settle();
    expect(signedOut).toHaveBeenCalledOnce();
  });

  it('goes on reconnecting when the server cannot be reached at all', async () => {
    await start();
    vi.spyOn(http, 'get').mockRejectedValue(new TypeError('network'));
    fake.drop(1006);
    await settle();
    expect(signedOut).not.toHaveBeenCalled();
    expect(useSessionStore().user).not.toBeNull();
  });

  it('announces a new high notification, and stops when somebody else acknowledges it', async () => {
    await start();
    const notifications = useNotificationsStore();
    const raised = makeNotification({ id: 5 });
    fake.push('notifications', change(raised, 12, 'create'));
    expect(notifications.interrupting).toEqual([]);
    fake.push('history', { type: 'notification', data: raised, event: 13 });
    expect(notifications.interrupting.map((one) => one.id)).toEqual([5]);
    fake.push('notifications', change({ ...raised, status: 'acknowledged' }, 14));
    expect(notifications.interrupting).toEqual([]);
    expect(notifications.acknowledged.map((one) => one.id)).toEqual([5]);
  });

  it('does not interrupt for medium and low ones', async () => {
    await start();
    fake.push('history', { type: 'notification', data: makeNotification({ severity: 'medium' }), event: 13 });
    expect(useNotificationsStore().interrupting).toEqual([]);
    expect(useNotificationsStore().open).toHaveLength(1);
  });

  it('keeps reports in full only of the patient who is open, and totals of all', async () => {
    const live = await start();
    const reports = useReportsStore();
    fake.answer(fake.take('totals'), 200, page([]), 10);
    const watching = reports.watch(live.currentSocket(), 1);
    await settle();
    fake.answer(fake.take('list', 'reports'), 200, page([]), 10);
    await watching;
    fake.push('reports', change(makeReport({ id: 3, patient: 1 }), 11, 'create'));
    fake.push('reports', change(makeReport({ id: 4, patient: 2 }), 12, 'create'));
    expect(reports.ofPatient(1).map((one) => one.id)).toEqual([3]);
    expect(reports.ofPatient(2)).toEqual([]);
    expect(reports.totalsOf.get(2)?.map((one) => one.score)).toEqual([2]);
    // A patient readmitted after that set begins anew.
    const at = reports.totalsOf.get(2)![0]!.at;
    const admitted = (ms: number) => makePatient({ id: 2, admission_date: new Date(ms).toISOString() });
    expect(reports.totalsOfStay(admitted(at))).toBe(reports.totalsOf.get(2));
    expect(reports.totalsOfStay(admitted(at + 1))).toEqual([]);
    expect(reports.totalsOfStay(makePatient({ id: 99 }))).toEqual([]);
    fake.push('reports', change({ id: 3 }, 13, 'delete'));
    expect(reports.ofPatient(1)).toEqual([]);
    expect(reports.totalsOf.get(1)).toEqual([]);
  });
});
