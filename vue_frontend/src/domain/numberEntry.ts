/**
 * Typing a reading digit by digit: what a key makes of the text, and when no further digit can follow.
 *
 * Pure; the number pad and the keyboard both go through here.
 */

import type { NumberField, Range } from '@/api/types';

export interface EntrySpec {
  field: NumberField;
  /** Decimals as written at the bedside: temperature 1, most 0. */
  decimals: number;
  /** No decimal is typed here, whatever the server takes. */
  isWhole?: boolean;
  /** Undefined until the server's table is here: then nothing advances by itself and the server judges. */
  range: Range | undefined;
}

/** A number as typed: digits, at most one point, up to one decimal. A comma counts as a point. */
export function cleanText(text: string, spec: EntrySpec): string {
  const plain = text.replace(/,/g, '.').replace(/[^0-9.]/g, '');
  const [whole = '', ...rest] = plain.split('.');
  if (rest.length === 0 || spec.isWhole === true || spec.range?.isWhole) return whole.slice(0, 5);
  return `${whole.slice(0, 5)}.${rest.join('').slice(0, 1)}`;
}

/**
 * 368 is 36.8 where 368 cannot be: the point of a temperature need not be typed.
 * Only for fields with one decimal as a rule, and only past the hard limit.
 */
export function withImpliedPoint(text: string, spec: EntrySpec): string {
  if (spec.decimals !== 1 || spec.range === undefined || !/^\d{3,}$/.test(text)) return text;
  if (Number(text) <= spec.range.hard[1]) return text;
  return `${text.slice(0, -1)}.${text.slice(-1)}`;
}

/** The number typed, or null for an empty or unfinished text. */
export function toNumber(text: string): number | null {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : null;
}

/**
 * Whether the cursor may leave: no further digit could give a usual value. Nor any possible one, where what stands
 * there so far is unusual itself: 26 of a systolic pressure of 260 stays, and 42 of a temperature of 42.1.
 */
export function isFinished(text: string, spec: EntrySpec): boolean {
  const value = toNumber(text);
  if (value === null || spec.range === undefined) return false;
  if (text.includes('.')) return true;
  const possibleMaximum = spec.range.hard[1];
  if (spec.decimals > 0 && value <= possibleMaximum) return false;
  const [usualMinimum, usualMaximum] = spec.range.soft ?? spec.range.hard;
  const isUsual = value >= usualMinimum && value <= usualMaximum;
  return value >= 1 && value * 10 > (isUsual ? usualMaximum : possibleMaximum);
}

export type Judgement = 'empty' | 'unfinished' | 'possible' | 'unusual' | 'impossible';

/** Where a typed text lies in the server's table. */
export function judge(text: string, spec: EntrySpec): Judgement {
  if (text === '') return 'empty';
  const value = toNumber(text);
  if (value === null) return 'unfinished';
  if (spec.range === undefined) return 'possible';
  const { hard, soft } = spec.range;
  if (value < hard[0] || value > hard[1]) return 'impossible';
  return soft !== null && (value < soft[0] || value > soft[1]) ? 'unusual' : 'possible';
}

/** A change since the last set that is large enough to ask about once. From ux.md, point 40: a judgement. */
const JUMPS: Partial<Record<NumberField, (before: number, after: number) => boolean>> = {
  pulse: (before, after) => before > 0 && Math.abs(after - before) / before >= 0.5,
  respiration: (before, after) => before > 0 && Math.abs(after - before) / before >= 0.5,
  bp_sys: (before, after) => before > 0 && Math.abs(after - before) / before >= 0.4,
  o2sat: (before, after) => Math.abs(after - before) >= 10,
  temperature: (before, after) => Math.abs(after - before) >= 2.5,
};

export function isJump(field: NumberField, before: number | null, after: number | null): boolean {
  if (before === null || after === null) return false;
  return JUMPS[field]?.(before, after) ?? false;
}
