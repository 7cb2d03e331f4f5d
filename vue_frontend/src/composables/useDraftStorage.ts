/**
 * What was entered but not saved, kept on this device for half an hour, per user and subject: the patient's id
 * for a set of observations, a name for other forms.
 *
 * A draft is no record: it is only shown to the person who typed it, in the form it was typed into.
 */

export const DRAFT_LIFETIME_MS = 30 * 60_000;
const PREFIX = 'wardlight.draft.';
/** A set's subject is the patient's number, other forms have a name. */
const SET_DRAFT = /^wardlight\.draft\.\d+\.\d+$/;

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

/**
 * Every draft of this user: who signs out leaves none. Those of others on a shared tablet are theirs to take up again,
 * for their half hour: what is older goes with them.
 */
export function dropDraftsOf(user: number, now: number): void {
  for (const key of draftKeys()) if (key.startsWith(`${PREFIX}${user}.`)) localStorage.removeItem(key);
  dropOldDrafts(now);
}

/** What nobody took up again for half an hour, whoever typed it. */
export function dropOldDrafts(now: number): void {
  for (const key of draftKeys()) {
    const at = writtenAt(key);
    if (at === null || now - at >= DRAFT_LIFETIME_MS) localStorage.removeItem(key);
  }
}

/** How many sets of observations wait unsaved on this device, whoever typed them. */
export function countUnsavedSets(now: number): number {
  return draftKeys().filter((key) => {
    const at = writtenAt(key);
    return SET_DRAFT.test(key) && at !== null && now - at < DRAFT_LIFETIME_MS;
  }).length;
}

function draftKeys(): string[] {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
  } catch {
    return [];
  }
}

/** When a draft was written, ms; null where that cannot be read. */
function writtenAt(key: string): number | null {
  try {
    const { at } = JSON.parse(localStorage.getItem(key) ?? '') as Stored<unknown>;
    return typeof at === 'number' ? at : null;
  } catch {
    return null;
  }
}
