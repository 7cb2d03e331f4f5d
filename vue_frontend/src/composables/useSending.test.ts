import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { http } from '@/api/http';
import type { Patient } from '@/api/types';
import { useLiveStore } from '@/stores/live';
import { FakeSocket, makePatient, settle } from '@/testing';
import { useSending } from './useSending';

let fake: FakeSocket;

beforeEach(() => {
  setActivePinia(createPinia());
  vi.spyOn(http, 'get').mockResolvedValue({ pk: 1, username: 'lead', permissions: [] });
  fake = new FakeSocket();
  useLiveStore().start(vi.fn(), () => fake);
  fake.hello(10);
});
afterEach(() => useLiveStore().stop());

const move = { action: 'patch', pk: 1, data: { bed: '9', version: 3 } };

describe('a write that is sent', () => {
  it('gives back what was stored', async () => {
    const { send, state } = useSending<Patient>('patients');
    const saving = send(move);
    expect(state.value).toBe('sending');
    fake.answer(fake.take('patch'), 200, makePatient({ bed: '9' }));
    expect((await saving)?.bed).toBe('9');
    expect(state.value).toBe('idle');
  });

  it('names the field that the server refuses', async () => {
    const { send, fieldMessages } = useSending<Patient>('patients');
    const saving = send({ action: 'create', data: {} });
    fake.answer(fake.take('create'), 400, null, undefined, [{ hospital_number: ['Taken already.'] }]);
    expect(await saving).toBeNull();
    expect(fieldMessages.value).toEqual({ hospital_number: 'Taken already.' });
  });

  it('hands over what somebody else saved first', async () => {
    const { send, conflict, message } = useSending<Patient>('patients');
    const saving = send(move);
    fake.answer(fake.take('patch'), 409, makePatient({ bed: '4', version: 4 }), undefined, ['stale']);
    expect(await saving).toBeNull();
    expect(conflict.value?.bed).toBe('4');
    expect(message.value).toContain('Somebody else');
  });

  it('goes again unchanged, with its key, after a lost answer', async () => {
    const { send, state } = useSending<Patient>('patients');
    const first = send({ action: 'create', data: { bed: '9' } });
    const sent = fake.take('create').payload;
    fake.drop();
    expect(await first).toBeNull();
    expect(state.value).toBe('uncertain');
    fake.hello(11);
    const second = send({ action: 'create', data: { bed: 'something else' } });
    const again = fake.take('create');
    expect(again.payload.idempotency_key).toBe(sent.idempotency_key);
    expect(again.payload.data).toEqual({ bed: '9' });
    fake.answer(again, 201, makePatient({ bed: '9' }));
    expect((await second)?.bed).toBe('9');
  });

  it('takes the conflict with its own lost change for what it is: saved', async () => {
    const { send, conflict } = useSending<Patient>('patients');
    const first = send(move);
    fake.take('patch');
    fake.drop();
    await first;
    fake.hello(11);
    const second = send(move);
    fake.answer(fake.take('patch'), 409, makePatient({ bed: '9', version: 4 }), undefined, ['stale']);
    expect((await second)?.version).toBe(4);
    expect(conflict.value).toBeNull();
  });

  it('says that nothing was sent while there is no connection', async () => {
    const { send, state, message } = useSending<Patient>('patients');
    fake.drop();
    await settle();
    expect(await send(move)).toBeNull();
    expect(state.value).toBe('idle');
    expect(message.value).toContain('Not connected');
  });
});
