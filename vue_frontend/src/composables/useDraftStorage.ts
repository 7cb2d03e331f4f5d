/**
 * What was entered but not saved, kept on this device for half an hour, per user and subject: the patient's id
 * for a set of observations, a name for other forms.
 *
 * A draft is no record: it is only shown to the person who typed it, in the form it was typed into.
 */

export const DRAFT_LIFETIME_MS = 30 * 60_000;
const PREFIX = 'wardlight.draft.';

interface Stored<T> {
  at: number;
  draft: T;
}

const keyOf = (user: number, subject: number | string) => `${PREFIX}${user}.${subject}`;

export function keepDraft<T>(user: number, subject: number | string, draft: T, at: number): void {
  try {
    localStorage.setItem(keyOf(user, subject), JSON.stringify({ at, draft }));
  } catch {
    // Full or blocked storage: the form itself still holds everything.
  }
}

export function findDraft<T>(user: number, subject: number | string, now: number): Stored<T> | null {
  try {
    const text = localStorage.getItem(keyOf(user, subject));
    if (text === null) return null;
    const stored = JSON.parse(text) as Stored<T>;
    if (now - stored.at < DRAFT_LIFETIME_MS) return stored;
    localStorage.removeItem(keyOf(user, subject));
  } catch {
    // What cannot be read is no draft.
  }
  return null;
}

export function dropDraft(user: number, subject: number | string): void {
  try {
    localStorage.removeItem(keyOf(user, subject));
  } catch {
    // Nothing is stored where storage is blocked.
  }
}

/** Every draft on this device: on signing out, shared tablets keep none. */
export function dropAllDrafts(): void {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith(PREFIX)) localStorage.removeItem(key);
  } catch {
    // As above.
  }
}
