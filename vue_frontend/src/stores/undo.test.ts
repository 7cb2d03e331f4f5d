import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import type { Notification } from '@/api/types';
import { useAcknowledge } from '@/composables/useAcknowledge';
import { FakeSocket, makeNotification, makeUser, settle } from '@/testing';
import { useClockStore } from './clock';
import { useLiveStore } from './live';
import { useNotificationsStore } from './notifications';
import { useSessionStore } from './session';
import { useUndoStore } from './undo';

const AT = '2026-11-22T12:00:00Z';

let fake: FakeSocket;
let event = 10;

function receive(change: Partial<Notification>): Notification {
  const data = makeNotification({ patient: 7, ...change });
  event += 1;
  fake.push('notifications', { type: 'change', action: 'update', data: { ...data }, event });
  return data;
}

const taken = (one: Notification): Notification => ({
  ...one,
  status: 'acknowledged',
  acknowledged_by: { id: 1, name: 'Nadia' },
  acknowledged_at: AT,
});

beforeEach(() => {
  setActivePinia(createPinia());
  fake = new FakeSocket();
  useSessionStore().user = makeUser({ pk: 1 });
  useLiveStore().start(vi.fn(), () => fake);
  fake.hello(10);
  vi.spyOn(Date, 'now').mockReturnValue(Date.parse(AT));
  useClockStore().synchronise(AT);
});

async function acknowledge(...shown: Notification[]): Promise<string | null> {
  const answer = useAcknowledge().acknowledge(...shown.map((one) => one.id));
  const request = fake.take('acknowledge_all', 'notifications');
  expect(request.payload.pk).toBe(7);
  expect(request.payload.ids).toEqual(shown.map((one) => one.id));
  const results = shown.map(taken);
  fake.answer(request, 200, { results });
  results.forEach(receive);
  return answer;
}

describe('acknowledging what a screen shows of a patient', () => {
  it('names what was shown, and what came since is not silenced', async () => {
    const shown = [receive({ id: 3 }), receive({ id: 4, kind: 'observation_overdue' })];
    receive({ id: 5 });
    expect(await acknowledge(...shown)).toBeNull();
    expect(useNotificationsStore().open.map((one) => one.id)).toEqual([5]);
  });

  it('says where the role may not, or nothing came back', async () => {
    receive({ id: 3 });
    const refused = useAcknowledge().acknowledge(3);
    fake.answer(fake.take('acknowledge_all'), 403, null);
    expect(await refused).toBe('Your role may not acknowledge.');
    const failed = useAcknowledge().acknowledge(3);
    fake.answer(fake.take('acknowledge_all'), 503, null);
    expect(await failed).toBe('This was not acknowledged. Try again.');
    expect(useUndoStore().offered).toBeNull();
  });
});

describe('taking it back', () => {
  it('is offered for ten seconds by the clock of the server', async () => {
    await acknowledge(receive({ id: 3 }), receive({ id: 4 }));
    const undo = useUndoStore();
    expect(undo.offered?.ids).toEqual([3, 4]);
    useClockStore().now += 9_999;
    expect(undo.offered).not.toBeNull();
    useClockStore().now += 1;
    expect(undo.offered).toBeNull();
  });

  it('is not offered of what was resolved meanwhile, nor to whom signs in next', async () => {
    const [first, second] = [receive({ id: 3 }), receive({ id: 4 })];
    await acknowledge(first, second);
    const undo = useUndoStore();
    receive({ ...taken(first), status: 'resolved' });
    expect(undo.offered?.ids).toEqual([4]);
    useSessionStore().user = makeUser({ pk: 2 });
    expect(undo.offered).toBeNull();
  });

  it('gives back each of the act, and what interrupted does so again', async () => {
    const notifications = useNotificationsStore();
    const high = receive({ id: 3 });
    notifications.receiveRaised(high, event);
    const low = receive({ id: 4, severity: 'low' });
    await acknowledge(high, low);
    expect(notifications.interrupting).toEqual([]);

    const answer = useAcknowledge().takeBack(useUndoStore().offered!.ids);
    for (const one of [high, low]) {
      const request = fake.take('unacknowledge');
      expect(request.payload.pk).toBe(one.id);
      fake.answer(request, 200, one);
      receive(one);
    }
    expect(await answer).toBeNull();
    await settle();
    expect(notifications.interrupting.map((one) => one.id)).toEqual([3]);
    expect(useUndoStore().offered).toBeNull();
  });

  it('says when it is too late', async () => {
    await acknowledge(receive({ id: 3 }));
    const answer = useAcknowledge().takeBack([3]);
    fake.answer(fake.take('unacknowledge'), 409, null);
    expect(await answer).toBe('Too late: it stays acknowledged.');
  });
});
