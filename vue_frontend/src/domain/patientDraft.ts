/** A patient being admitted or edited: what was typed, what is wrong with it, and what is sent. */

import type { AllergyStatus, Patient } from '@/api/types';
import { readBirth, writeBirth } from './birth';
import { emptyDate, readDateTime, writeDateTime, type DateEntry, type DateTimeEntry } from './dateEntry';
import { ageInYears } from './format';
import { trimmed } from './names';

export interface PatientDraft {
  last_name: string;
  first_name: string;
  /** Of an unknown day, or day and month, those stay empty. */
  born: DateEntry;
  sex: Patient['sex'];
  hospital_number: string;
  ward: string;
  bed: string;
  allergies: string;
  allergy_status: AllergyStatus;
  diagnosis: string;
  /** With isAdmittedNow the server's clock at the moment of saving counts. */
  isAdmittedNow: boolean;
  admitted: DateTimeEntry;
  pathway: Patient['pathway'];
  pregnant: boolean;
}

export type PatientProblem = 'missing' | 'noName' | 'noBirth' | 'noDate' | 'future';
export type PatientField = keyof PatientDraft;

const AHEAD_MS = 5 * 60_000;

export function emptyPatientDraft(ward: string): PatientDraft {
  return {
    last_name: '',
    first_name: '',
    born: emptyDate(),
    sex: 'unknown',
    hospital_number: '',
    ward,
    bed: '',
    allergies: '',
    allergy_status: 'not_recorded',
    diagnosis: '',
    isAdmittedNow: true,
    admitted: { ...emptyDate(), time: '' },
    pathway: 'news2',
    pregnant: false,
  };
}

export function draftOfPatient(patient: Patient, timeZone: string): PatientDraft {
  return {
    last_name: patient.last_name,
    first_name: patient.first_name,
    born: writeBirth(patient),
    sex: patient.sex,
    hospital_number: patient.hospital_number ?? '',
    ward: patient.ward,
    bed: patient.bed,
    allergies: patient.allergies,
    allergy_status: patient.allergy_status,
    diagnosis: patient.diagnosis,
    isAdmittedNow: false,
    admitted: writeDateTime(patient.admission_date, timeZone),
    pathway: patient.pathway,
    pregnant: patient.pregnant,
  };
}

export function problemsOfPatient(
  draft: PatientDraft,
  now: number,
  timeZone: string,
): Partial<Record<PatientField, PatientProblem>> {
  const problems: Partial<Record<PatientField, PatientProblem>> = {};
  if (trimmed(draft.last_name) === '' && trimmed(draft.first_name) === '') problems.last_name = 'noName';
  if (draft.allergy_status === 'known' && draft.allergies.trim() === '') problems.allergies = 'missing';
  const born = readBirth(draft.born);
  if (born === undefined) problems.born = 'noBirth';
  else if (born !== null && Date.parse(born) > now) problems.born = 'future';
  if (!draft.isAdmittedNow) {
    const admitted = readDateTime(draft.admitted, timeZone);
    if (admitted === undefined || admitted === null) problems.admitted = 'noDate';
    else if (admitted > now + AHEAD_MS) problems.admitted = 'future';
  }
  return problems;
}

export type PregnancyDoubt = 'male' | 'age';

/** Why a pregnancy is asked about: of a man, under 10 or over 55 years. `born`: a calendar date, null: not known. */
export function pregnancyDoubt(
  person: { pregnant: boolean; sex: Patient['sex']; born: string | null },
  now: number,
  timeZone: string,
): PregnancyDoubt | null {
  if (!person.pregnant) return null;
  if (person.sex === 'male') return 'male';
  if (person.born === null) return null;
  const age = ageInYears(person.born, now, timeZone);
  return age < 10 || age > 55 ? 'age' : null;
}

/** The body for `create`; call it only where problemsOfPatient found nothing. */
export function bodyOfPatient(draft: PatientDraft, timeZone: string): Record<string, unknown> {
  const admitted = draft.isAdmittedNow ? null : readDateTime(draft.admitted, timeZone);
  return {
    last_name: trimmed(draft.last_name),
    first_name: trimmed(draft.first_name),
    date_of_birth: readBirth(draft.born) ?? null,
    sex: draft.sex,
    hospital_number: trimmed(draft.hospital_number) || null,
    ward: draft.ward.trim(),
    bed: draft.bed.trim(),
    allergies: draft.allergy_status === 'known' ? draft.allergies.trim() : '',
    allergy_status: draft.allergy_status,
    diagnosis: draft.diagnosis.trim(),
    pathway: draft.pathway,
    pregnant: draft.pregnant,
    ...(typeof admitted === 'number' ? { admission_date: new Date(admitted).toISOString() } : {}),
  };
}

/**
 * Only what was changed against `before`, the draft as the form was opened: an edit must not put back what
 * somebody else changed meanwhile, nor cut the seconds off the admission.
 */
export function changesOfPatient(
  before: PatientDraft,
  draft: PatientDraft,
  timeZone: string,
): Record<string, unknown> {
  const old = bodyOfPatient(before, timeZone);
  return Object.fromEntries(
    Object.entries(bodyOfPatient(draft, timeZone)).filter(([field, value]) => old[field] !== value),
  );
}
