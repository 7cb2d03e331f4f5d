/** Wards and beds: two spellings that differ only by case or spaces name one place, as they do on the server. */

import type { Patient } from '@/api/types';

const UNSEEN = /[\p{Cf}\p{Zs}\p{Cc}]/gu;

/** Equal for two spellings of one ward or bed. */
export function foldPlace(name: string): string {
  return name.normalize('NFKC').replace(UNSEEN, '').toLowerCase().replaceAll('ß', 'ss');
}

type Place = Pick<Patient, 'ward' | 'bed'>;

/** Ward and bed as one key; null where the bed is not known. */
export function bedKey({ ward, bed }: Place): string | null {
  const folded = foldPlace(bed);
  return folded === '' ? null : JSON.stringify([foldPlace(ward), folded]);
}

/** The ids of those who lie in a bed that somebody else has as well. */
export function inSharedBeds(patients: readonly (Place & { id: number })[]): ReadonlySet<number> {
  const byBed = new Map<string, number[]>();
  for (const patient of patients) {
    const key = bedKey(patient);
    if (key !== null) byBed.set(key, [...(byBed.get(key) ?? []), patient.id]);
  }
  return new Set([...byBed.values()].filter((ids) => ids.length > 1).flat());
}
