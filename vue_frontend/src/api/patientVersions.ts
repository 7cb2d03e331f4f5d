/** The versions of a patient's own fields: who changed them, when and why. */

import { http } from './http';
import type { Patient, UserName } from './types';

/** Fields of the patient as they were from `history_date` on. `+` admitted, `~` changed. */
export type PatientVersion = Pick<Patient, 'id' | 'version' | 'spo2_scale'> & {
  history_id: number;
  history_date: string;
  history_type: '+' | '~' | '-';
  history_user: UserName | null;
  history_change_reason: string;
};

const PAGE_SIZE = 100;

/** Newest first, as many pages as somebody asks for. Throws what `http` throws. */
async function* versionsOf(patient: number): AsyncGenerator<PatientVersion> {
  for (let offset = 0; ; offset += PAGE_SIZE) {
    const address = `/api/patients/${patient}/history/?limit=${PAGE_SIZE}&offset=${offset}`;
    const { results } = (await http.get(address)) as { results: PatientVersion[] };
    yield* results;
    if (results.length < PAGE_SIZE) return;
  }
}

/** The version with which the SpO2 scale became what it is; null: nothing is known. Throws what `http` throws. */
export async function findScaleDecision(patient: number): Promise<PatientVersion | null> {
  let found: PatientVersion | null = null;
  for await (const version of versionsOf(patient)) {
    if (found !== null && version.spo2_scale !== found.spo2_scale) break;
    found = version;
  }
  return found;
}

/** Who made this version of a patient, and when; null where that is not known here, or cannot be asked now. */
export async function findMaker({
  id,
  version,
}: Pick<Patient, 'id' | 'version'>): Promise<PatientVersion | null> {
  try {
    for await (const one of versionsOf(id)) {
      if (one.version === version) return one;
      if (one.version < version) break;
    }
  } catch {
    // A conflict is told all the same.
  }
  return null;
}
