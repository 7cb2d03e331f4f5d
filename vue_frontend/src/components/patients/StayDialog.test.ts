// @vitest-environment jsdom

import { mount, type VueWrapper } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { http } from '@/api/http';
import { useFormat } from '@/composables/useFormat';
import { useLiveStore } from '@/stores/live';
import { usePatientsStore } from '@/stores/patients';
import { useSessionStore } from '@/stores/session';
import { useStayUndoStore } from '@/stores/stayUndo';
import { FakeSocket, makePatient, makeUser, settle } from '@/testing';
import StayDialog from './StayDialog.vue';

const AT = '2026-11-22T12:00:00Z';
const patient = makePatient({ id: 9, ward: '7A', bed: '4', version: 2 });
const neighbour = makePatient({ id: 1, ward: '7A', bed: '3', version: 5, last_name: 'Neighbour' });

let fake: FakeSocket;

beforeEach(() => {
  setActivePinia(createPinia());
  fake = new FakeSocket();
  useLiveStore().start(vi.fn(), () => fake);
  fake.hello(10);
  for (const one of [patient, neighbour]) {
    usePatientsStore().receive({ type: 'change', action: 'create', data: { ...one }, event: 10 + one.id });
  }
});
afterEach(() => {
  useLiveStore().stop();
  vi.restoreAllMocks();
});

function open(action: 'move' | 'discharge', permissions: string[]): VueWrapper {
  useSessionStore().user = makeUser({ permissions });
  const stubs = { AppDialog: { template: '<div><slot /><slot name="actions" /></div>' } };
  return mount(StayDialog, { props: { patient, action }, global: { stubs } });
}
const by = (dialog: VueWrapper, id: string) => dialog.get(`[data-testid=${id}]`);

it('lets a nurse move a bed and sends nothing of the ward', async () => {
  const dialog = open('move', ['patients.move_bed']);
  await by(dialog, 'field-bed').setValue('8');
  await by(dialog, 'stay-dialog').trigger('submit');
  const request = fake.take('patch', 'patients');
  expect(request.payload.data).toEqual({ bed: '8', version: 2 });
  fake.answer(request, 200, { ...patient, bed: '8', version: 3 });
  await settle();
  expect(useStayUndoStore().offered?.undo.data).toEqual({ ward: '7A', bed: '4', version: 3 });
});

it('offers to change places with who lies there, by both versions that are on the screen', async () => {
  const dialog = open('move', ['patients.move_bed']);
  await by(dialog, 'field-bed').setValue('3');
  await by(dialog, 'stay-swap').trigger('click');
  const request = fake.take('swap_bed', 'patients');
  expect(request.payload).toMatchObject({ pk: 9, data: { with: 1, version: 2, with_version: 5 } });
  const results = [
    { ...patient, bed: '3', version: 3 },
    { ...neighbour, bed: '4', version: 6 },
  ];
  fake.answer(request, 200, { results });
  await settle();
  expect(dialog.emitted('close')).toHaveLength(1);
  expect(useStayUndoStore().offered).toMatchObject({
    kind: 'swap',
    undo: { data: { with: 1, version: 3, with_version: 6 } },
  });
});

it('offers to take a discharge back', async () => {
  const dialog = open('discharge', ['patients.change']);
  await by(dialog, 'stay-dialog').trigger('submit');
  const request = fake.take('patch', 'patients');
  fake.answer(request, 200, { ...patient, dismissal_date: AT, version: 3 });
  await settle();
  expect(useStayUndoStore().offered).toMatchObject({
    kind: 'discharge',
    undo: { data: { dismissal_date: null, version: 3 } },
  });
});

it('moves nobody to a new ward that was not confirmed', async () => {
  const dialog = open('move', ['patients.change']);
  await dialog.get('[data-testid=field-ward]').findAll('option').at(-1)!.setValue();
  await by(dialog, 'field-new-ward').setValue('9C');
  await by(dialog, 'stay-dialog').trigger('submit');
  expect(fake.sent.some((one) => one.payload.action === 'patch')).toBe(false);
  await by(dialog, 'confirm-ward').trigger('click');
  await by(dialog, 'stay-dialog').trigger('submit');
  expect(fake.take('patch', 'patients').payload.data).toMatchObject({ ward: '9C' });
});

it('says who was first, and when', async () => {
  vi.spyOn(http, 'get').mockResolvedValue({
    results: [
      { version: 4, history_date: '2026-11-22T11:59:00Z', history_user: { id: 8, name: 'Not Theirs' } },
      { version: 3, history_date: '2026-11-22T11:58:00Z', history_user: { id: 7, name: 'Dara Quinn' } },
    ],
  });
  const dialog = open('move', ['patients.move_bed']);
  await by(dialog, 'field-bed').setValue('8');
  await by(dialog, 'stay-dialog').trigger('submit');
  fake.answer(fake.take('patch', 'patients'), 409, { ...patient, bed: '5', version: 3 });
  await settle();
  expect(dialog.text()).toContain('Dara Quinn changed this at');
  expect(dialog.text()).toContain(useFormat().dateTime('2026-11-22T11:58:00Z'));
});
