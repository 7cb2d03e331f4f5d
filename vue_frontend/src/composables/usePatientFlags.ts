import type { Patient } from '@/api/types';
import { useFormat } from '@/composables/useFormat';
import { t } from '@/locales';

export interface Flag {
  name: string;
  text: string;
  explanation: string;
  kind: 'plain' | 'strong';
}

/** What stands beside a patient's name on board, wall and banner. `onOxygen`: as of the last set. */
export function usePatientFlags() {
  const format = useFormat();

  return function flagsOf(patient: Patient, options: { sameName: boolean; onOxygen: boolean }): Flag[] {
    const flags: Flag[] = [];
    const add = (name: string, text: string, explanation: string, kind: Flag['kind'] = 'plain') =>
      flags.push({ name, text, explanation, kind });
    if (options.sameName) add('same-name', t('flag.sameName'), t('flag.sameNameLong'), 'strong');
    if (options.onOxygen) add('oxygen', t('flag.oxygen'), t('flag.oxygenLong'));
    if (patient.spo2_scale === 2) add('scale-2', t('flag.scale2'), t('flag.scale2Long'));
    if (patient.pathway === 'dengue') add('dengue', t('flag.dengue'), t('flag.dengueLong'));
    if (patient.pregnant) add('pregnant', t('flag.pregnant'), t('flag.pregnant'));
    if (patient.monitoring_interval !== null) {
      const duration = format.duration(patient.monitoring_interval * 60_000);
      add('plan', t('flag.plan'), t('flag.planLong', { duration }));
    }
    return flags;
  };
}

/** Oxygen scores 2 points and air none, so the stored parts say which of the two it was. */
export function wasOnOxygen(patient: Patient): boolean {
  return patient.last_report?.news2.parts.supplemental_oxygen === 2;
}
