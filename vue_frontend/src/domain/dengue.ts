/**
 * What the dengue view draws: the phase, the clock, the baseline. Pure; the server judges (patients/rules/dengue.py),
 * and its findings win wherever there are any.
 *
 * WHO, "Dengue: guidelines for diagnosis, treatment, prevention and control", 2009.
 */

import type { Notification, Patient, Report } from '@/api/types';
import type { TrendSpec } from './chartBands';

export const FEVER = 38.0;
export const NO_FEVER = 37.5;
export const CRITICAL_PHASE_MS = 48 * 3_600_000;
/** A rise of the haematocrit over the baseline by this share is haemoconcentration. */
export const RISE = 0.2;
const LOW_PLATELETS = 100;
const NARROW_PULSE_PRESSURE = 20;
const DAY_MS = 24 * 3_600_000;

export interface CriticalPhase {
  since: number;
  until: number;
  isConfirmed: boolean;
}

interface ClockValues {
  critical_phase_since?: string;
  critical_phase_until?: string;
}

/** The running critical phase, by the server's findings: a new fever resolves them and stops the clock. */
export function criticalPhaseOf(notifications: readonly Notification[]): CriticalPhase | null {
  const phases = notifications
    .filter((one) => one.status !== 'resolved')
    .flatMap((one) => one.reasons)
    .flatMap(({ rule, values }) => {
      const { critical_phase_since: start, critical_phase_until: end } = (values ?? {}) as ClockValues;
      if (!rule.startsWith('defervescence_') || start === undefined) return [];
      const since = Date.parse(start);
      const until = end === undefined ? since + CRITICAL_PHASE_MS : Date.parse(end);
      return [{ since, until, isConfirmed: rule === 'defervescence_confirmed' }];
    });
  const newest = Math.max(...phases.map((one) => one.since));
  const ofNewest = phases.filter((one) => one.since === newest);
  return ofNewest.find((one) => one.isConfirmed) ?? ofNewest[0] ?? null;
}

/** When a fever was first known of in this stay; null: none so far. */
export function feverSince(patient: Patient, reports: readonly Report[]): number | null {
  const admitted = Date.parse(patient.admission_date);
  const noted = reports.find(
    (report) =>
      Date.parse(report.datetime) >= admitted &&
      ((report.temperature !== null && report.temperature >= FEVER) ||
        report.status === 'febrile' ||
        (report.day_of_fever ?? 0) >= 1),
  );
  const onset = patient.fever_onset_at === null ? null : Date.parse(patient.fever_onset_at);
  const known = [onset, noted === undefined ? null : Date.parse(noted.datetime)].filter((at) => at !== null);
  return known.length === 0 ? null : Math.min(...known);
}

export type Phase = 'noFever' | 'febrile' | 'critical' | 'over';

export function phaseOf(critical: CriticalPhase | null, fever: number | null, now: number): Phase {
  if (critical !== null) return now < critical.until ? 'critical' : 'over';
  return fever === null ? 'noFever' : 'febrile';
}

export type BaselineSource = 'typed' | 'while febrile' | 'first';

export interface Baseline {
  value: number;
  from: BaselineSource;
}

/** The patient's own haematocrit: as the newest finding names it, else typed, else drawn from the reports. */
export function baselineOf(
  patient: Patient,
  reports: readonly Report[],
  notifications: readonly Notification[],
): Baseline | null {
  if (patient.hematocrit_baseline !== null) return { value: patient.hematocrit_baseline, from: 'typed' };
  for (const one of [...notifications].reverse()) {
    const values = one.reasons.find((reason) => reason.rule === 'haemoconcentration')?.values;
    if (one.status !== 'resolved' && typeof values?.baseline === 'number') {
      const from = (['while febrile', 'first'] as const).find((name) => name === values.baseline_from);
      return { value: values.baseline, from: from ?? 'first' };
    }
  }
  const admitted = Date.parse(patient.admission_date);
  const known = reports.filter((one) => one.hematocrit !== null && Date.parse(one.datetime) >= admitted);
  const fever = feverSince(patient, reports);
  const febrile = fever === null ? undefined : known.find((one) => Date.parse(one.datetime) >= fever);
  const chosen = febrile ?? known[0];
  return chosen === undefined
    ? null
    : { value: chosen.hematocrit!, from: febrile === undefined ? 'first' : 'while febrile' };
}

/** Whole days of fever: the first 24 hours are day 1. Null where its begin is not known, or lies ahead. */
export function dayOfFever(onset: string | null, now: number): number | null {
  if (onset === null) return null;
  const gone = now - Date.parse(onset);
  return gone < 0 ? null : Math.floor(gone / DAY_MS) + 1;
}

/** Haematocrit against the baseline, in whole per cent. */
export function riseOf(hematocrit: number | null, baseline: Baseline | null): number | null {
  if (hematocrit === null || baseline === null) return null;
  return Math.round((hematocrit / baseline.value - 1) * 100);
}

/** What of a report this view shows. */
export function isOfDengue(report: Report): boolean {
  return (
    report.temperature !== null ||
    report.hematocrit !== null ||
    report.platelet !== null ||
    report.pulse_pressure !== null ||
    report.capillary_refill !== null ||
    report.warning_signs !== null
  );
}

/** The graphs: fixed clinical ranges, and the lines that WHO's thresholds are. */
export function dengueSpecs(
  baseline: Baseline | null,
  words: Record<'fever' | 'noFever' | 'baseline' | 'rise' | 'lowPlatelets' | 'narrow', string>,
): TrendSpec[] {
  const hematocritLines =
    baseline === null
      ? []
      : [
          { value: baseline.value, label: words.baseline },
          { value: baseline.value * (1 + RISE), label: words.rise, isLimit: true },
        ];
  return [
    {
      field: 'temperature',
      range: [35, 41],
      step: 1,
      bands: [],
      lines: [
        { value: FEVER, label: words.fever, isLimit: true },
        { value: NO_FEVER, label: words.noFever },
      ],
    },
    { field: 'hematocrit', range: [25, 60], step: 10, bands: [], lines: hematocritLines },
    {
      field: 'platelet',
      range: [0, 300],
      step: 100,
      bands: [],
      lines: [{ value: LOW_PLATELETS, label: words.lowPlatelets, isLimit: true }],
    },
    {
      field: 'pulse_pressure',
      range: [0, 80],
      step: 20,
      bands: [],
      lines: [{ value: NARROW_PULSE_PRESSURE, label: words.narrow, isLimit: true }],
    },
  ];
}
