/** Fluids by shift as they are drawn: bars in and out, and what has come together so far. Pure. */

import type { FluidPeriod } from '@/api/record';

export interface ShiftDrawn {
  period: FluidPeriod;
  /** Balance of this and all shifts before it in the list; null until something was recorded. */
  running: number | null;
}

/** Shifts, oldest first, with the balance that has come together; silence does not count as 0. */
export function withRunning(shifts: readonly FluidPeriod[]): ShiftDrawn[] {
  let running: number | null = null;
  return shifts.map((period) => {
    if (period.balance !== null) running = Math.round(((running ?? 0) + period.balance) * 10) / 10;
    return { period, running };
  });
}

/** A round number at or above the largest amount, so that the axis has whole steps: at least 500 mL. */
export function axisMaximum(shifts: readonly FluidPeriod[]): number {
  const largest = Math.max(0, ...shifts.flatMap((one) => [one.intake ?? 0, one.output ?? 0]));
  const step = largest > 3000 ? 1000 : 500;
  return Math.max(500, Math.ceil(largest / step) * step);
}

/** +250, −120, 0: a balance says its sign; null is an en dash. */
export function formatBalance(value: number | null): string {
  if (value === null) return '–';
  const text = String(Math.abs(value));
  return value > 0 ? `+${text}` : value < 0 ? `−${text}` : text;
}
