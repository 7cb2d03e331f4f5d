/** What one act acknowledged, and whether it can be taken back. */

import type { Notification } from '@/api/types';

/** So long the server lets one take back one's own acknowledgement. */
export const UNDO_MS = 10_000;

/** Whether it says that a set is late: black wherever it is shown, apart from the score's colours. */
export const isLateness = (one: Pick<Notification, 'kind'>): boolean => one.kind !== 'deterioration';

export interface Undo {
  patient: number;
  ids: readonly number[];
  /** Instant, ms by the server's clock. */
  until: number;
}

/**
 * What `user` acknowledged of these just now, or null: nothing, or nothing that can still be taken back.
 *
 * `results` are notifications of one patient, as the server answered; what somebody else had acknowledged, or what was
 * resolved meanwhile, is not this person's to take back.
 */
export function undoOf(results: readonly Notification[], user: number, now: number): Undo | null {
  const own = results.flatMap((one) => {
    if (one.status !== 'acknowledged' || one.acknowledged_by?.id !== user) return [];
    const until = Date.parse(one.acknowledged_at ?? '') + UNDO_MS;
    return until > now ? [{ one, until }] : [];
  });
  const first = own[0];
  if (first === undefined) return null;
  return {
    patient: first.one.patient,
    ids: own.map(({ one }) => one.id),
    until: Math.min(...own.map(({ until }) => until)),
  };
}
