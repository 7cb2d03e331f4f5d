/** Who did what to a patient's reports, act by act: what was saved, and what was amended or retired later. Pure. */

import type { Amendment, HistoryVersion } from '@/api/record';
import type { UserName } from '@/api/types';
import type { Recorded } from './reportVersions';

export const ACT_KINDS = ['+', '~', '-', 'amended', 'retired', 'anonymised'] as const;
export type ActKind = (typeof ACT_KINDS)[number];

export interface Act {
  key: string;
  kind: ActKind;
  at: string;
  by: UserName | null;
  reason: string;
  report: number;
  /** When the readings were taken. */
  taken: string;
  /** When the version was saved that was amended or retired; null: the act is the saving itself. */
  versionOf: string | null;
  /** null: there was none, or it is not here. */
  before: Recorded | null;
  /** null: nothing was left. */
  after: Recorded | null;
  /** Whether what was saved was retired later, as entered in error. */
  isRetired: boolean;
}

const instant = (time: string) => Date.parse(time);

/**
 * Every act, newest first.
 *
 * `versions` are the newest ones as they stand today, `entries` the whole ledger; each version is shown as it was
 * saved, with what became of it as acts of their own. `isWhole`: there are no older versions than these; where there
 * are, what the ledger tells of the time before these is left out too.
 */
export function actsOf(
  versions: readonly HistoryVersion[],
  entries: readonly Amendment[],
  { isWhole }: { isWhole: boolean },
): Act[] {
  const ledger = new Map<number, Amendment[]>();
  for (const entry of [...entries].sort((a, b) => a.id - b.id))
    ledger.set(entry.history_id, [...(ledger.get(entry.history_id) ?? []), entry]);
  const retired = entries.filter((one) => one.kind === 'retired');
  const oldest = isWhole ? 0 : Math.min(Infinity, ...versions.map((one) => one.history_id));

  const all = new Map<number, HistoryVersion>();
  for (const one of [...versions, ...retired.map((entry) => entry.before as HistoryVersion)])
    if (one.history_id >= oldest) all.set(one.history_id, one);
  const since = isWhole ? 0 : Math.min(...[...all.values()].map((one) => instant(one.history_date)));

  /** A version as it stood at a moment; null: it was retired by then. */
  function stateAt(version: HistoryVersion, at: number): HistoryVersion | null {
    let state: HistoryVersion | null = saved(version);
    for (const entry of ledger.get(version.history_id) ?? []) {
      if (instant(entry.amended_at) > at) break;
      state = entry.after as HistoryVersion | null;
    }
    return state;
  }
  const saved = (version: HistoryVersion) =>
    (ledger.get(version.history_id)?.[0]?.before ?? version) as HistoryVersion;

  const acts: Act[] = [];
  const ofReport = new Map<number, HistoryVersion[]>();
  for (const version of [...all.values()].sort((a, b) => a.history_id - b.history_id)) {
    const earlier = ofReport.get(version.id) ?? [];
    const at = instant(version.history_date);
    const before = earlier.flatMap((one) => stateAt(one, at) ?? []).at(-1) ?? null;
    const first = saved(version);
    acts.push({
      key: `v${version.history_id}`,
      kind: version.history_type,
      at: version.history_date,
      by: version.history_user,
      reason: first.history_change_reason,
      report: version.id,
      taken: first.datetime,
      versionOf: null,
      before: version.history_type === '+' ? null : before,
      after: version.history_type === '-' ? null : first,
      isRetired: ledger.get(version.history_id)?.at(-1)?.kind === 'retired',
    });
    ofReport.set(version.id, [...earlier, version]);
  }
  for (const entry of entries) {
    if (instant(entry.amended_at) < since) continue;
    acts.push({
      key: `l${entry.id}`,
      kind: entry.kind,
      at: entry.amended_at,
      by: entry.amended_by,
      reason: entry.reason,
      report: entry.before.id ?? 0,
      taken: entry.before.datetime ?? entry.amended_at,
      versionOf: entry.before.history_date ?? null,
      before: entry.before,
      after: entry.after,
      isRetired: false,
    });
  }
  // What happened in one transaction has one time; what was pushed later was done later.
  return acts
    .map((act, index) => ({ act, index }))
    .sort((a, b) => instant(b.act.at) - instant(a.act.at) || b.index - a.index)
    .map(({ act }) => act);
}
