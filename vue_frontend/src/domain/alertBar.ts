/** How the high alerts that nobody has acknowledged stand on a screen: in full, as a strip, summed up. Pure. */

import { compareByPlace } from './names';

/** What nobody acknowledged for so long stands in full on every screen. */
export const UNANSWERED_MS = 2 * 60_000;

/**
 * Whether an alert that somebody hid on this screen still rests: hidden before it had waited two minutes, until then.
 * All in ms, by the server's clock.
 */
export function isStillHidden(
  { raisedAt, hiddenAt }: { raisedAt: number; hiddenAt: number },
  now: number,
): boolean {
  const unansweredAt = raisedAt + UNANSWERED_MS;
  return hiddenAt >= unansweredAt || now < unansweredAt;
}

export interface WaitingAlert {
  id: number;
  patient: number;
  /** The ward the patient is on now; '' where they are on none, or are not known here. */
  ward: string;
  /** ms, by the server's clock. */
  raisedAt: number;
}

export interface AlertScreen {
  /** The ward that this screen has chosen; '': none, so it shows all. */
  ward: string;
  /** Whose page this is; null: nobody's alone. */
  patient: number | null;
  /** Whether a form is open; the patient it is of is null for one who is being admitted. */
  form: { patient: number | null } | null;
  /** Just opened, reloaded or woken, and nothing was done about the alerts since. */
  isJustOpened: boolean;
}

export interface AlertCount {
  count: number;
  /** ms */
  oldestAt: number;
  /** Wards, in order; patients without one add nothing. */
  wards: string[];
}

export interface AlertBarContent {
  /** Ids of those that stand with ward, bed, patient and score, in the order they came in. */
  full: number[];
  /** Those that stand as a strip without a name, together; null: none. */
  strip: AlertCount | null;
  /** What is still open, said at opening beside the first in full; null where it need not be said. */
  summary: AlertCount | null;
}

function count(alerts: readonly WaitingAlert[]): AlertCount | null {
  if (alerts.length === 0) return null;
  const wards = [...new Set(alerts.map((one) => one.ward))].filter((ward) => ward !== '');
  return {
    count: alerts.length,
    oldestAt: Math.min(...alerts.map((one) => one.raisedAt)),
    wards: wards.sort(compareByPlace),
  };
}

/**
 * Whether this screen answers for the alert; it does with one of its ward, of its page's patient, of a patient on no
 * ward (nobody else would see it), and of anybody once nobody acknowledged it in time.
 */
export function isForScreen(
  alert: WaitingAlert,
  screen: Pick<AlertScreen, 'ward' | 'patient'>,
  now: number,
): boolean {
  return (
    screen.ward === '' ||
    alert.ward === '' ||
    alert.ward === screen.ward ||
    alert.patient === screen.patient ||
    now - alert.raisedAt >= UNANSWERED_MS
  );
}

/**
 * Inside a form only the alert of the form's own patient stands in full, however long another one waits: a second
 * name beside what is being entered leads to the wrong patient.
 */
function standsInFull(alert: WaitingAlert, screen: AlertScreen, now: number): boolean {
  return screen.form === null ? isForScreen(alert, screen, now) : alert.patient === screen.form.patient;
}

/** What the bar shows. `alerts`: those that wait here, the most urgent first. */
export function alertBar(alerts: readonly WaitingAlert[], screen: AlertScreen, now: number): AlertBarContent {
  const full = alerts.filter((one) => standsInFull(one, screen, now));
  return {
    full: full.map((one) => one.id),
    strip: count(alerts.filter((one) => !full.includes(one))),
    summary: screen.isJustOpened ? count(full) : null,
  };
}
