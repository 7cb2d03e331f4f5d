import type { NotScoredReason, Patient, Report } from '@/api/types';
import { useFormat } from '@/composables/useFormat';
import { notScoredRuns, reasonNotScored } from '@/domain/notScored';
import { t } from '@/locales';
import { useClockStore } from '@/stores/clock';

/** Why a chart has no band, points or total, in words. */
export function useNotScoredTexts() {
  const clock = useClockStore();
  const format = useFormat();

  /** Why a set of this moment would not be scored, or null. */
  const reasonNow = (patient: Patient) => reasonNotScored(patient, format.localParts(clock.now));

  function timeOf(sets: readonly Report[]): string {
    const first = sets[0]!.datetime;
    const last = sets.at(-1)!.datetime;
    return sets.length === 1
      ? format.dateTime(first)
      : `${format.dateTime(first)} – ${format.recent(last, first)}`;
  }

  /** A sentence for all of them, or one for each stretch, and one for the present where that differs. */
  function notScoredTexts(sets: readonly Report[], now: NotScoredReason | null): string[] {
    const runs = notScoredRuns(sets);
    const last = sets.at(-1)?.news2.not_scored_because ?? null;
    const [only] = runs;
    if (runs.length === 1 && only!.sets.length === sets.length && (now === null || now === only!.reason)) {
      return [t('chart.notScored', { reason: t(`score.notScored.${only!.reason}`) })];
    }
    if (sets.length === 0 && now !== null) {
      return [t('chart.notScored', { reason: t(`score.notScored.${now}`) })];
    }
    const texts = runs.map((run) =>
      t('chart.notScoredAt', { time: timeOf(run.sets), reason: t(`score.notScored.${run.reason}`) }),
    );
    if (now !== null && now !== last) {
      texts.push(t('chart.notScoredNow', { reason: t(`score.notScored.${now}`) }));
    }
    return texts;
  }

  return { reasonNow, notScoredTexts };
}
