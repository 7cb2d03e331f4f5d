// @vitest-environment jsdom

import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, describe, expect, it } from 'vitest';

import type { Patient } from '@/api/types';
import { useClockStore } from '@/stores/clock';
import { makePatient } from '@/testing';
import { useFormat } from './useFormat';
import { usePatientFlags } from './usePatientFlags';

const NOW = Date.parse('2026-11-22T12:00:00Z');

beforeEach(() => {
  setActivePinia(createPinia());
  useClockStore().now = NOW;
});

function saidOf(change: Partial<Patient>): string | undefined {
  const flags = usePatientFlags()(makePatient(change), { sameName: false });
  return flags.find((flag) => flag.name === 'about-16')?.text;
}

describe('where the date of birth leaves 16 open', () => {
  it('the page says by what somebody is scored', () => {
    const year = { date_of_birth_precision: 'year' } as const;
    expect(saidOf({ ...year, date_of_birth: '2010-07-01' })).toBe('About 16, scored as adult');
    expect(saidOf({ date_of_birth: '2010-11-25', date_of_birth_precision: 'month' })).toBe(
      'About 16, counts as child',
    );
    expect(saidOf({ ...year, date_of_birth: '2009-07-01' })).toBeUndefined();
    expect(saidOf({ date_of_birth: '2010-07-01' })).toBeUndefined();
  });

  it('nothing is said of who is not scored anyway', () => {
    const open = { date_of_birth: '2010-07-01', date_of_birth_precision: 'year' } as const;
    expect(saidOf({ ...open, pregnant: true })).toBeUndefined();
    expect(saidOf({ ...open, pathway: 'none' })).toBeUndefined();
  });
});

describe('a birth of which the day is not known', () => {
  it('is shown as far as it is known, with an age that is about right', () => {
    const format = useFormat();
    const patient = makePatient({ date_of_birth: '1958-07-01', date_of_birth_precision: 'year' });
    expect([format.born(patient), format.age(patient, NOW)]).toEqual(['1958', 'about 68y']);
    const unknown = makePatient({ date_of_birth: null });
    expect([format.born(unknown), format.age(unknown, NOW)]).toEqual([null, null]);
  });
});
