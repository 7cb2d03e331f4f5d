import type { Patient, Severity } from '@/api/types';
import { useFormat, wardTimeZone } from '@/composables/useFormat';
import { scoredAsAbout16, type Birth } from '@/domain/birth';
import type { Instant } from '@/domain/format';
import { t } from '@/locales';
import { useClockStore } from '@/stores/clock';
import { usePatientsStore } from '@/stores/patients';
import { useReportsStore } from '@/stores/reports';

export interface Flag {
  name: string;
  text: string;
  explanation: string;
  kind: 'plain' | 'strong' | 'alert-medium' | 'alert-high';
}

type Judged = Birth & Pick<Patient, 'pregnant' | 'pathway'>;

/** What is said of somebody who may be 16 already or not yet; null of all others, and of who is not scored anyway. */
export function aboutSixteen(person: Judged, now: Instant): string | null {
  if (person.pregnant || person.pathway === 'none') return null;
  const scoredAs = scoredAsAbout16(person, now, wardTimeZone());
  return scoredAs === null ? null : t(`flag.about16.${scoredAs}`);
}

/** What stands beside a patient's name on board, wall and banner. */
export function usePatientFlags() {
  const format = useFormat();
  const reports = useReportsStore();
  const patients = usePatientsStore();
  const clock = useClockStore();

  /** As of the newest set that says so: one that leaves oxygen out must not make the patient look better. */
  function isOnOxygen(patient: Patient): boolean {
    // Oxygen scores 2 points and air none, so the stored parts say which of the two it was.
    const points = patient.last_report?.news2.parts.supplemental_oxygen ?? null;
    if (points !== null) return points > 0;
    // Of who is not scored no part says so, but their report does.
    return reports.isOnOxygen(patient) ?? false;
  }

  return function flagsOf(
    patient: Patient,
    options: { sameName: boolean; besideScore?: Severity | undefined },
  ): Flag[] {
    const flags: Flag[] = [];
    const add = (name: string, text: string, explanation: string, kind: Flag['kind'] = 'plain') =>
      flags.push({ name, text, explanation, kind });
    if (options.besideScore === 'high' || options.besideScore === 'medium') {
      const severity = t(`notification.severity.${options.besideScore}`);
      add(
        'alert',
        t('flag.alert', { severity }),
        t('flag.alertLong', { severity }),
        `alert-${options.besideScore}`,
      );
    }
    const about16 = aboutSixteen(patient, clock.now);
    if (about16 !== null) add('about-16', about16, t('flag.about16Long'), 'strong');
    if (options.sameName) add('same-name', t('flag.sameName'), t('flag.sameNameLong'), 'strong');
    if (patients.sharingBeds.has(patient.id)) {
      add('shared-bed', t('place.shared'), t('place.sharedLong'), 'strong');
    }
    if (isOnOxygen(patient)) add('oxygen', t('flag.oxygen'), t('flag.oxygenLong'));
    if (patient.spo2_scale === 2) add('scale-2', t('flag.scale2'), t('flag.scale2Long'));
    if (patient.pathway === 'dengue') add('dengue', t('flag.dengue'), t('flag.dengueLong'));
    if (patient.pregnant) add('pregnant', t('flag.pregnant'), t('flag.pregnant'));
    if (patient.paused_until !== null) {
      const time = format.dateTime(patient.paused_until);
      if (patient.paused_by_nurse) {
        add('nurse-pause', t('place.nursePause'), t('place.nursePauseLong', { time }), 'strong');
      } else add('pause', t('flag.pause'), t('flag.pauseLong', { time }), 'strong');
    }
    if (patient.plan !== null) {
      const time = format.dateTime(patient.plan.until);
      add('plan', t('flag.planRuns'), t('flag.planRunsLong', { time, reason: patient.plan.reason }));
    } else if (patient.monitoring_interval !== null) {
      const duration = format.duration(patient.monitoring_interval * 60_000);
      add('plan', t('flag.plan'), t('flag.planLong', { duration }));
    }
    return flags;
  };
}
