// @vitest-environment jsdom

import { mount } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, expect, it, vi } from 'vitest';

import { findDraft, keepDraft } from '@/composables/useDraftStorage';
import type { KeptSet } from '@/domain/observationDraft';
import { useClockStore } from '@/stores/clock';
import { usePatientsStore } from '@/stores/patients';
import { useSessionStore } from '@/stores/session';
import { makePatient, makeReport, makeUser } from '@/testing';
import RecordElsewhere from './RecordElsewhere.vue';

const { push } = vi.hoisted(() => ({ push: vi.fn() }));
vi.mock('vue-router', () => ({ useRouter: () => ({ push }) }));

const report = makeReport({ patient: 1, pulse: 139, datetime: '2026-11-22T12:00:00Z' });

beforeEach(() => {
  setActivePinia(createPinia());
  localStorage.clear();
  push.mockReset();
  useSessionStore().user = makeUser({ pk: 4 });
  const patients = [
    makePatient({ id: 1 }),
    makePatient({ id: 2, bed: '10', last_name: 'Ten' }),
    makePatient({ id: 3, bed: '9', last_name: 'Nine' }),
  ];
  for (const one of patients) {
    usePatientsStore().receive({ type: 'change', action: 'create', data: { ...one }, event: one.id });
  }
});

async function open() {
  const stubs = { AppDialog: { template: '<div><slot /><slot name="actions" /></div>' } };
  const offer = mount(RecordElsewhere, { props: { report }, global: { stubs } });
  await offer.get('[data-testid=record-elsewhere]').trigger('click');
  return offer;
}

it('offers the others on the wards, by bed', async () => {
  const offer = await open();
  const names = offer.findAll('option').map((one) => one.text());
  expect(names[0]).toBe('Choose the patient');
  expect(names.slice(1).map((one) => one.includes('NINE') || one.includes('TEN'))).toEqual([true, true]);
  expect(names[1]).toContain('NINE');
});

it('puts values and time into the form of the patient who is chosen, as a draft that is yet to be saved', async () => {
  const offer = await open();
  await offer.get('[data-testid=elsewhere-patient]').setValue('2');
  await offer.get('[data-testid=elsewhere-go]').trigger('click');
  const draft = findDraft<KeptSet>(4, 2, useClockStore().now)?.draft;
  expect(draft?.values.texts.pulse).toBe('139');
  expect(draft?.values.confirmed).toEqual([]);
  expect(draft?.takenAt).toBe(Date.parse(report.datetime));
  expect(draft?.sent).toBeNull();
  expect(push).toHaveBeenCalledWith({ name: 'record', params: { id: 2 } });
});

it('writes over no draft that is there', async () => {
  keepDraft(4, 2, { values: 'mine' }, useClockStore().now);
  const offer = await open();
  await offer.get('[data-testid=elsewhere-patient]').setValue('2');
  await offer.get('[data-testid=elsewhere-go]').trigger('click');
  expect(offer.find('[data-testid=elsewhere-draft]').exists()).toBe(true);
  expect(findDraft(4, 2, useClockStore().now)?.draft).toEqual({ values: 'mine' });
  expect(push).not.toHaveBeenCalled();
});
