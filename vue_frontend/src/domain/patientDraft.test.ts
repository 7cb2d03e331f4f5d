import { describe, expect, it } from 'vitest';

import { makePatient } from '@/testing';
import {
  bodyOfPatient,
  changesOfPatient,
  draftOfPatient,
  emptyPatientDraft,
  pregnancyDoubt,
  problemsOfPatient,
} from './patientDraft';

const ZONE = 'Europe/London';
const NOW = Date.parse('2026-11-22T12:00:00Z');

describe('a patient being edited', () => {
  it('sends only what was changed, and leaves the seconds of the admission alone', () => {
    const before = draftOfPatient(makePatient({ admission_date: '2026-11-20T08:00:41Z' }), ZONE);
    expect(changesOfPatient(before, { ...before, bed: ' 12 ' }, ZONE)).toEqual({ bed: '12' });
    expect(changesOfPatient(before, { ...before }, ZONE)).toEqual({});
  });

  it('says null for a hospital number that was taken away', () => {
    const before = draftOfPatient(makePatient(), ZONE);
    expect(changesOfPatient(before, { ...before, hospital_number: ' ' }, ZONE)).toEqual({
      hospital_number: null,
    });
  });
});

describe('a patient being admitted', () => {
  it('needs a name, and dates that exist and are not ahead', () => {
    const draft = emptyPatientDraft('7A');
    expect(problemsOfPatient(draft, NOW, ZONE)).toEqual({ last_name: 'noName' });
    Object.assign(draft, {
      last_name: 'Test',
      first_name: 'Ada',
      born: { day: '31', month: '2', year: '1950' },
      isAdmittedNow: false,
      admitted: { day: '22', month: '11', year: '2026', time: '12:06' },
    });
    expect(problemsOfPatient(draft, NOW, ZONE)).toEqual({ born: 'noBirth', admitted: 'future' });
    draft.born = { day: '23', month: '11', year: '2026' };
    draft.admitted.time = '12:04';
    expect(problemsOfPatient(draft, NOW, ZONE)).toEqual({ born: 'future' });
  });

  it.each([
    ['Sukarno', '\u200b'],
    ['', 'Sukarno'],
  ])('needs one name alone: %j and %j', (last_name, first_name) => {
    const draft = { ...emptyPatientDraft('7A'), last_name, first_name };
    expect(problemsOfPatient(draft, NOW, ZONE)).toEqual({});
    expect(problemsOfPatient({ ...draft, last_name: ' ', first_name: '' }, NOW, ZONE)).toEqual({
      last_name: 'noName',
    });
  });

  it('may have been born in a year or a month', () => {
    const draft = {
      ...emptyPatientDraft('7A'),
      last_name: 'Test',
      born: { day: '', month: '', year: '1958' },
    };
    expect(bodyOfPatient(draft, ZONE)).toMatchObject({ date_of_birth: '1958' });
    expect(problemsOfPatient({ ...draft, born: { day: '', month: '', year: '2027' } }, NOW, ZONE)).toEqual({
      born: 'future',
    });
    const stored = draftOfPatient(
      makePatient({ date_of_birth: '1958-07-01', date_of_birth_precision: 'year' }),
      ZONE,
    );
    expect(changesOfPatient(stored, { ...stored }, ZONE)).toEqual({});
    const exact = { ...stored, born: { day: '1', month: '7', year: '1958' } };
    expect(changesOfPatient(stored, exact, ZONE)).toEqual({ date_of_birth: '1958-07-01' });
  });

  it('leaves the time of the admission to the server where it is now', () => {
    const draft = { ...emptyPatientDraft('7A'), last_name: 'Test', first_name: 'Ada' };
    expect(bodyOfPatient(draft, ZONE)).not.toHaveProperty('admission_date');
    expect(bodyOfPatient(draft, ZONE)).toMatchObject({ hospital_number: null, date_of_birth: null });
  });
});

describe('allergies', () => {
  it('go with their status: a text with known alone', () => {
    const draft = { ...emptyPatientDraft('7A'), last_name: 'Test', first_name: 'Ada' };
    expect(bodyOfPatient(draft, ZONE)).toMatchObject({ allergies: '', allergy_status: 'not_recorded' });
    const known = { ...draft, allergy_status: 'known' as const, allergies: ' Latex ' };
    expect(bodyOfPatient(known, ZONE)).toMatchObject({ allergies: 'Latex', allergy_status: 'known' });
    const none = { ...known, allergy_status: 'none_known' as const };
    expect(bodyOfPatient(none, ZONE)).toMatchObject({ allergies: '', allergy_status: 'none_known' });
    expect(problemsOfPatient({ ...known, allergies: ' ' }, NOW, ZONE)).toEqual({ allergies: 'missing' });
    expect(problemsOfPatient(none, NOW, ZONE)).toEqual({});
  });

  it('that were known are taken away with a status that says why', () => {
    const before = draftOfPatient(makePatient({ allergies: 'Latex', allergy_status: 'known' }), ZONE);
    expect(changesOfPatient(before, { ...before, allergy_status: 'unavailable' }, ZONE)).toEqual({
      allergies: '',
      allergy_status: 'unavailable',
    });
  });
});

describe('a pregnancy', () => {
  const doubt = (sex: 'male' | 'female' | 'unknown', born: string | null, pregnant = true) =>
    pregnancyDoubt({ pregnant, sex, born }, NOW, ZONE);

  it('is asked about of a man, under 10 and over 55', () => {
    expect(doubt('male', null)).toBe('male');
    expect(doubt('female', '2016-11-23')).toBe('age');
    expect(doubt('female', '2016-11-22')).toBeNull();
    expect(doubt('female', '1970-11-23')).toBeNull();
    expect(doubt('female', '1970-11-22')).toBe('age');
    expect(doubt('unknown', null)).toBeNull();
    expect(doubt('male', '1930-01-01', false)).toBeNull();
  });
});
