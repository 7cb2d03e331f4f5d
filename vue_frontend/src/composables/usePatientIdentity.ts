import { computed } from 'vue';

import type { Patient } from '@/api/types';
import { useFormat } from '@/composables/useFormat';
import { t } from '@/locales';

/** What is known of a patient's allergies, beside that word. That there are none is not that nobody has asked. */
export function allergiesText(patient: Pick<Patient, 'allergies' | 'allergy_status'>): string {
  return patient.allergy_status === 'known'
    ? patient.allergies
    : t(`patient.allergyStatus.${patient.allergy_status}`);
}

/** What names a patient beside the name, in CUI's order. What nobody recorded says so: it is never left out. */
export function usePatientIdentity(patient: () => Patient) {
  const format = useFormat();
  const recorded = (text: string | null) => (text === null || text === '' ? t('common.notRecorded') : text);

  return computed(() => {
    const one = patient();
    return [
      { name: 'born', label: t('patient.born'), text: recorded(format.born(one)) },
      { name: 'sex', label: t('patient.sex'), text: t(`patient.sexes.${one.sex}`) },
      { name: 'number', label: t('patient.hospitalNumber'), text: recorded(one.hospital_number) },
      { name: 'bed', label: t('patient.bed'), text: recorded(one.bed) },
      { name: 'ward', label: t('patient.ward'), text: recorded(one.ward) },
      { name: 'allergies', label: t('patient.allergies'), text: allergiesText(one) },
    ] as const;
  });
}
