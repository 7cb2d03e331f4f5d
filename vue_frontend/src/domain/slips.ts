/** Who may take a set back as entered in error. Pure; the server decides, this says what to offer. */

import type { HistoryVersion } from '@/api/record';
import { changedFields } from './reportVersions';

/** So long after its entry by who recorded it. */
export const STRUCK_WITHIN_MS = 60 * 60_000;

/**
 * Whether `user` recorded the set within the hour and nobody else has changed it since; that it was scored again
 * changed nothing of it. `versions` are the set's, newest first.
 */
export function isOwnSlip(versions: readonly HistoryVersion[], user: number, now: number): boolean {
  const [newest] = versions;
  if (newest === undefined || newest.recorded_by?.id !== user) return false;
  if (now - Date.parse(newest.created_at) > STRUCK_WITHIN_MS) return false;
  return versions.every((version, index) => {
    const before = versions[index + 1];
    const isTheirs = version.history_user?.id === user || before === undefined;
    return version.amendments === 0 && (isTheirs || changedFields(before, version).length === 0);
  });
}
