import { computed } from 'vue';

import type { Report } from '@/api/types';
import { formatReading } from '@/domain/format';
import * as chart from '@/domain/newsChart';
import { isCorrected } from '@/domain/reportVersions';
import { t } from '@/locales';

interface Mark extends chart.LabelPlace {
  x: number;
  y: number;
  text: string;
  isCorrected: boolean;
}

function textOf(row: chart.PlacedRow, report: Report): string {
  switch (row.name) {
    case 'respiration':
      return formatReading(report.respiration, 0);
    case 'pulse':
      return formatReading(report.pulse, 0);
    case 'temperature':
      return formatReading(report.temperature, 1);
    case 'spo2Scale1':
    case 'spo2Scale2':
      return `${formatReading(report.o2sat, 0)}${chart.isAirOrOxygenUnknown(report) ? t('chart.unknownSign') : ''}`;
    case 'consciousness':
      return report.consciousness === 'A' ? '' : (report.consciousness ?? '');
    case 'oxygen':
      return report.supplemental_oxygen === true && report.oxygen_flow !== null
        ? String(report.oxygen_flow)
        : '';
    default:
      return '';
  }
}

const ROWS_WITHOUT_DOTS: readonly chart.ChartRowName[] = ['bloodPressure', 'total', 'due'];

/** What is drawn on the bands of the observation chart: dots with their values, the lines between them, pressures. */
export function useNewsChartMarks(
  shown: () => readonly Report[],
  rows: () => readonly chart.PlacedRow[],
  { x, head }: { x: (index: number) => number; head: number },
) {
  /** Per row its marks, and the lines between marks that follow each other without a missing value. */
  const drawn = computed(() =>
    rows()
      .filter((row) => !ROWS_WITHOUT_DOTS.includes(row.name))
      .map((row) => {
        const isJoined = row.name !== 'oxygen' && row.name !== 'consciousness';
        const heights = shown().map((report) => {
          const line = chart.lineOf(row, report);
          return line === null ? null : head + chart.middleOf(row, line);
        });
        const marks: Mark[] = [];
        const runs: Mark[][] = [];
        shown().forEach((report, index) => {
          const y = heights[index] ?? null;
          if (y === null) return;
          const before = heights[index - 1] ?? null;
          const after = heights[index + 1] ?? null;
          const place = isJoined ? chart.placeLabel(before, y, after) : chart.placeLabel(null, y, null);
          const text = textOf(row, report);
          const mark = { x: x(index), y, text, isCorrected: isCorrected(report), ...place };
          marks.push(mark);
          if (before === null) runs.push([]);
          runs.at(-1)!.push(mark);
        });
        return { row, marks, runs: isJoined ? runs.filter((one) => one.length > 1) : [] };
      }),
  );

  const pressures = computed(() => {
    const row = rows().find((one) => one.name === 'bloodPressure')!;
    const lineAt = (value: number) => {
      const index = chart.lineOf(row, { bp_sys: value } as Report) ?? 0;
      return head + chart.middleOf(row, index);
    };
    return shown().flatMap((report, index) =>
      report.bp_sys === null
        ? []
        : [
            {
              x: x(index),
              top: lineAt(report.bp_sys),
              bottom: report.bp_dia === null ? null : lineAt(report.bp_dia),
              systolic: report.bp_sys,
              diastolic: report.bp_dia,
              isCorrected: isCorrected(report),
            },
          ],
    );
  });

  return { drawn, pressures };
}
