// @vitest-environment jsdom

import { mount } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, expect, it, vi } from 'vitest';

import type { Patient } from '@/api/types';
import { usePatientsStore } from '@/stores/patients';
import { makePatient } from '@/testing';
import BoardRow from './BoardRow.vue';

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-11-22T12:00:00Z') });
  setActivePinia(createPinia());
});

const rowOf = (patient: Patient) =>
  mount(BoardRow, {
    props: { patient, totals: [], hasSameName: false, showWard: false },
    global: { stubs: { RouterLink: true } },
  }).text();

it('says of both that a bed is taken twice', () => {
  const patients = [
    makePatient({ id: 1, bed: '3' }),
    makePatient({ id: 2, bed: '3 ' }),
    makePatient({ id: 3, bed: '4' }),
  ];
  for (const one of patients) {
    usePatientsStore().receive({ type: 'change', action: 'create', data: { ...one }, event: one.id });
  }
  expect(patients.map((one) => rowOf(one).includes('Bed taken twice'))).toEqual([true, true, false]);
});

it('tells a pause by a nurse from one by a doctor', () => {
  const paused_until = '2026-11-22T14:00:00Z';
  expect(rowOf(makePatient({ paused_until, paused_by_nurse: true }))).toContain('Paused by a nurse');
  const byDoctor = rowOf(makePatient({ paused_until }));
  expect(byDoctor).toContain('Off ward');
  expect(byDoctor).not.toContain('nurse');
});
