/**
 * Telling a scanner from a hand: a wristband's number comes as keys do, but faster than anybody types.
 *
 * Pure. Times are those at which the keys were pressed (`event.timeStamp`), not those at which a busy page heard them.
 */

/** Milliseconds from one key of a scan to the next, at most. */
const GAP = 20;
/** Keys that make a scan; the Enter at its end is one of them. */
const LEAST_KEYS = 5;
/** After this many milliseconds without a key a scan is over. Nobody types as soon as this after one. */
export const PAUSE = 100;

export interface PressedKey {
  /** As in KeyboardEvent.key. */
  key: string;
  /** ms */
  at: number;
  /** A key that is held down. */
  isRepeat: boolean;
  /** With Ctrl, Alt or Meta: a command, no text. */
  isCommand: boolean;
}

/** Keys that came one right after the other. */
export interface Burst {
  text: string;
  keys: number;
  /** When the last one was pressed, ms. */
  at: number;
  isScan: boolean;
  /** Nothing more belongs to it. */
  isEnded: boolean;
}

const MODIFIERS = ['Shift', 'CapsLock', 'AltGraph'];
const ENDS = ['Enter', 'Tab'];

/** The burst that this key belongs to, `before` being the one that was under way; null: no text was typed. */
export function hearKey(before: Burst | null, { key, at, isRepeat, isCommand }: PressedKey): Burst | null {
  const gap = before?.isScan === true ? PAUSE : GAP;
  const last = before !== null && !before.isEnded && at - before.at <= gap ? before : null;
  if (isRepeat || isCommand) return null;
  // Part of typing a capital letter, and no key of its own.
  if (MODIFIERS.includes(key)) return last === null ? null : { ...last, at };
  const isEnd = ENDS.includes(key);
  if ((!isEnd && key.length !== 1) || (isEnd && last === null)) return null;
  const keys = (last?.keys ?? 0) + 1;
  const isScan = keys >= LEAST_KEYS;
  return { text: (last?.text ?? '') + (isEnd ? '' : key), keys, at, isScan, isEnded: isEnd };
}
