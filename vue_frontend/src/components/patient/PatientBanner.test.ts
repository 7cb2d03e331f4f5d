// @vitest-environment jsdom

import { mount } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import PrintedIdentity from '@/components/print/PrintedIdentity.vue';
import { makePatient } from '@/testing';
import PatientBanner from './PatientBanner.vue';

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-11-22T12:00:00Z') });
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe(): void {}
      unobserve(): void {}
      disconnect(): void {}
    },
  );
  setActivePinia(createPinia());
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('names the patient with date of birth and age, and leaves out nothing that was not recorded', () => {
  const facts = mount(PatientBanner, { props: { patient: makePatient({ hospital_number: null }) } })
    .findAll('dl div')
    .map((one) => `${one.get('dt').text()}: ${one.get('dd').text()}`);
  expect(facts).toEqual([
    'Born: 29-Feb-1940 (86y)',
    'Sex: Female',
    'Hospital No.: Not recorded',
    'Bed: 1',
    'Ward: 7A',
    'Allergies: Not recorded',
  ]);
});

it('names them on paper with the same facts, without an age that would grow old', () => {
  const text = mount(PrintedIdentity, { props: { patient: makePatient({ date_of_birth: null }) } }).text();
  expect(text).toContain('BornNot recorded');
  expect(text).toContain('Hospital No.T0001');
  expect(text).not.toContain('(');
});
