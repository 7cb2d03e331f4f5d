import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import type { Patient } from '@/api/types';
import { FakeSocket, makePatient, makeUser } from '@/testing';
import { useClockStore } from './clock';
import { useLiveStore } from './live';
import { useSessionStore } from './session';
import { UNDO_STAY_MS, useStayUndoStore } from './stayUndo';

const AT = '2026-11-22T12:00:00Z';
const OLD = { ward: '7A', bed: '3' };

let fake: FakeSocket;
let event = 10;

function receive(patient: Patient): void {
  event += 1;
  fake.push('patients', { type: 'change', action: 'update', data: { ...patient }, event });
}

beforeEach(() => {
  setActivePinia(createPinia());
  fake = new FakeSocket();
  useSessionStore().user = makeUser({ pk: 1 });
  useLiveStore().start(vi.fn(), () => fake);
  fake.hello(10);
  vi.spyOn(Date, 'now').mockReturnValue(Date.parse(AT));
  useClockStore().synchronise(AT);
});

/** Takes the offered act back, the server answering with `status`. */
async function undo(status: number): Promise<{ said: string | null; payload: Record<string, unknown> }> {
  const stays = useStayUndoStore();
  const answer = stays.takeBack(stays.offered!);
  const request = fake.sent.at(-1)!;
  fake.answer(request, status, {});
  return { said: await answer, payload: request.payload };
}

describe('what was done with a stay', () => {
  it('is offered to be undone for ten minutes by the clock of the server', () => {
    const stays = useStayUndoStore();
    stays.offerMove(makePatient({ bed: '4', version: 2 }), OLD);
    useClockStore().now += UNDO_STAY_MS - 1;
    expect(stays.offered?.kind).toBe('move');
    useClockStore().now += 1;
    expect(stays.offered).toBeNull();
  });

  it('is offered no more when somebody has changed the patient since, or signs in next', () => {
    const stays = useStayUndoStore();
    const moved = makePatient({ bed: '4', version: 2 });
    stays.offerMove(moved, OLD);
    receive(moved);
    receive({ ...moved, next_due_at: AT });
    expect(stays.offered).not.toBeNull();
    useSessionStore().user = makeUser({ pk: 2 });
    expect(stays.offered).toBeNull();
    useSessionStore().user = makeUser({ pk: 1 });
    receive({ ...moved, version: 3 });
    expect(stays.offered).toBeNull();
  });

  it('gives back place, stay or both beds with the versions it made', async () => {
    const stays = useStayUndoStore();
    stays.offerMove(makePatient({ bed: '4', version: 2 }), OLD);
    expect(await undo(200)).toMatchObject({
      said: null,
      payload: { action: 'patch', pk: 1, data: { ward: '7A', bed: '3', version: 2 } },
    });
    stays.offerDischarge(makePatient({ dismissal_date: AT, version: 5 }));
    expect((await undo(200)).payload).toMatchObject({ data: { dismissal_date: null, version: 5 } });
    stays.offerSwap(makePatient({ version: 6 }), makePatient({ id: 2, version: 3 }));
    expect((await undo(200)).payload).toMatchObject({
      action: 'swap_bed',
      pk: 1,
      data: { with: 2, version: 6, with_version: 3 },
    });
    expect(stays.offered).toBeNull();
  });

  it('says where it was not undone, and offers that no more', async () => {
    const stays = useStayUndoStore();
    stays.offerMove(makePatient({ bed: '4', version: 2 }), OLD);
    expect((await undo(409)).said).toContain('somebody else has changed');
    stays.offerMove(makePatient({ bed: '4', version: 2 }), OLD);
    expect((await undo(403)).said).toContain('the server refused it');
    expect(stays.offered).toBeNull();
  });

  it('comes back to the act before when the newer one was undone or closed', async () => {
    const stays = useStayUndoStore();
    stays.offerDischarge(makePatient({ id: 7, version: 2 }));
    stays.offerMove(makePatient({ id: 8, version: 2 }), OLD);
    stays.dismiss(stays.offered!);
    expect(stays.offered?.patient.id).toBe(7);
  });
});
