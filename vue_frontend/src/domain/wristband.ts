/** Whose wristband a number is. Pure. */

import type { Patient } from '@/api/types';

type Banded = Pick<Patient, 'id' | 'hospital_number'>;

/** Numbers are compared without regard to case, and to space around them. */
export const plainNumber = (number: string | null): string => (number ?? '').trim().toLocaleUpperCase();

export type Reading<P extends Banded> =
  | { kind: 'right' }
  /** Of somebody else who is on a ward here. */
  | { kind: 'other'; other: P }
  /** Of nobody here, and not this patient's. */
  | { kind: 'wrong' }
  /** Of nobody here, and this patient's number is not recorded: it may be theirs. */
  | { kind: 'unknown' };

/** `others`: those on the wards; the patient may be among them. */
export function readWristband<P extends Banded>(
  number: string,
  patient: Banded,
  others: readonly P[],
): Reading<P> {
  const read = plainNumber(number);
  const own = plainNumber(patient.hospital_number);
  if (own !== '' && own === read) return { kind: 'right' };
  const other = findByWristband(number, others);
  if (other !== undefined && other.id !== patient.id) return { kind: 'other', other };
  return { kind: own === '' ? 'unknown' : 'wrong' };
}

export function findByWristband<P extends Banded>(number: string, patients: readonly P[]): P | undefined {
  const read = plainNumber(number);
  return read === '' ? undefined : patients.find((one) => plainNumber(one.hospital_number) === read);
}
