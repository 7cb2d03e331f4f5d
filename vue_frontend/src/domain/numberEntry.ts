/**
 * Typing a reading digit by digit: what a key makes of the text, and which field each digit belongs to.
 *
 * Pure; the number pad and the keyboard both go through here.
 */

import type { NumberField, Range } from '@/api/types';

export interface EntrySpec {
  field: NumberField;
  /** Decimals as written at the bedside: temperature 1, most 0. */
  decimals: number;
  /** A fraction is refused: by the server, or by this form alone (SpO2). */
  isWhole: boolean;
  /** Undefined until the server's table is here: then nothing advances by itself and the server judges. */
  range: Range | undefined;
}

const DIGITS = [...'0123456789'];
const FULLWIDTH = 0xfee0; // how far the fullwidth forms lie behind the ASCII ones

/** Fullwidth digits are digits, and a comma is a point, as the server reads numbers. */
export function toPlain(text: string): string {
  return text
    .replace(/[０-９．，]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) - FULLWIDTH))
    .replace(/[,。]/g, '.');
}

/** After one key: a key that makes no number of the text is not taken. */
export function typeInto(before: string, typed: string, spec: EntrySpec): string {
  const text = toPlain(typed);
  return /^\d*\.?\d*$/.test(text) ? withImpliedPoint(text, spec) : before;
}

/**
 * What came in one piece (pasted, dictated): its digits are not picked out of what surrounds them, for of 120/80 or -5
 * they would make another number. What is none stays as it is, to be seen and refused.
 */
export function readWhole(pasted: string, spec: EntrySpec): string {
  let text = toPlain(pasted).trim();
  const unit = spec.range?.unit ?? '';
  if (unit !== '' && text.endsWith(unit)) text = text.slice(0, -unit.length).trimEnd();
  return withImpliedPoint(text, spec);
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

/** Half up to one decimal, on the digits as the server does: 36.85 is 36.9, and 36.849 is 36.8. */
function rounded(text: string): string {
  const [whole = '', fraction = ''] = text.split('.');
  if (fraction.length <= 1) return text;
  const tenths = Number(whole + fraction.charAt(0)) + (fraction.charAt(1) >= '5' ? 1 : 0);
  return `${Math.floor(tenths / 10)}.${tenths % 10}`;
}

/** The number typed, as it would be stored; null for an empty or unfinished text. */
export function toNumber(text: string): number | null {
  return /^\d+(\.\d+)?$/.test(text) ? Number(rounded(text)) : null;
}

/** How a text reads once its field is left: as it would be stored. What cannot be stored stays as it was typed. */
export function settled(text: string, spec: EntrySpec): string {
  if (toNumber(text) === null) return text;
  return (spec.isWhole ? text : rounded(text)).replace(/^0+(?=\d)/, '');
}

/** Whether a possible value has this digit next. After a decimal any digit counts: it rounds. */
function mayFollow(text: string, digit: string, spec: EntrySpec): boolean {
  if (text.includes('.')) return !spec.isWhole;
  return spec.range === undefined || Number(withImpliedPoint(text + digit, spec)) <= spec.range.hard[1];
}

/** Whether a possible value begins with this digit. A whole 0 alone does not count: it is typed after Enter. */
function mayBegin(spec: EntrySpec, digit: string): boolean {
  if (spec.range === undefined) return true;
  const [low, high] = spec.range.hard;
  if (digit === '0') return !spec.isWhole && low < 1;
  const first = Number(digit);
  for (let unit = 1; first * unit <= high; unit *= 10) if ((first + 1) * unit > low) return true;
  return false;
}

/**
 * Whether the cursor may leave for the next field (null: something that takes no digits) though nobody said so: where
 * no digit to come could belong here, or where the next field cannot begin with it, and so gives it back (`goesBack`).
 *
 * Something that takes no digits gives every one back. It is gone to when at most a 0 could come, or after the first
 * decimal, and not after each digit: the focus would run to and fro.
 */
export function handsOn(text: string, spec: EntrySpec, next: EntrySpec | null): boolean {
  if (toNumber(text) === null || spec.range === undefined) return false;
  if (text.includes('.')) return next === null && !spec.isWhole;
  if (spec.decimals > 0 && Number(text) <= spec.range.hard[1]) return false;
  return DIGITS.filter((digit) => mayFollow(text, digit, spec)).every((digit) =>
    next === null ? digit === '0' : !mayBegin(next, digit),
  );
}

/** Whether a key typed right after handing on belongs to the field before, which has this text and spec. */
export function goesBack(key: string, text: string, spec: EntrySpec, next: EntrySpec | null): boolean {
  // No number begins with a point. Where it makes none here either, it is seen here.
  if (key === '.') return !text.includes('.');
  if (!DIGITS.includes(key)) return false;
  return next === null || (!mayBegin(next, key) && mayFollow(text, key, spec));
}

export type Judgement = 'empty' | 'unfinished' | 'fraction' | 'possible' | 'unusual' | 'impossible';

/** Where a typed text lies in the server's table. */
export function judge(text: string, spec: EntrySpec): Judgement {
  if (text === '') return 'empty';
  const value = toNumber(text);
  if (value === null) return 'unfinished';
  if (spec.isWhole && !Number.isInteger(Number(text))) return 'fraction';
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
