import type { Patient } from '@/api/types';
import { t } from '@/locales';

/** Where a patient lies: "Ward 7A · Bed 3"; what is not recorded is left out, and the ward where all are of one. */
export function placeText(
  patient: Pick<Patient, 'ward' | 'bed'>,
  { isWardNamed }: { isWardNamed: boolean },
): string {
  const ward = isWardNamed && patient.ward !== '' ? [t('board.wardNamed', { ward: patient.ward })] : [];
  const bed = patient.bed === '' ? [] : [t('common.bedOf', { bed: patient.bed })];
  return [...ward, ...bed].join(' · ');
}
