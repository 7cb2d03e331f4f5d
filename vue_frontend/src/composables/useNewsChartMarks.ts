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
          return line === null
            ? null
            : { y: head + chart.middleOf(row, line), edge: chart.edgeOf(row, line) };
        });
        const marks: Mark[] = [];
        const runs: Mark[][] = [];
        shown().forEach((report, index) => {
          const height = heights[index];
          if (!height) return;
          const { y, edge } = height;
          const before = (isJoined && heights[index - 1]?.y) || null;
          const after = (isJoined && heights[index + 1]?.y) || null;
          const place = chart.placeLabel(before, y, after, edge);
          const text = textOf(row, report);
          const mark = { x: x(index), y, text, isCorrected: isCorrected(report), ...place };
          marks.push(mark);
          if (!heights[index - 1]) runs.push([]);
          runs.at(-1)!.push(mark);
        });
        return { row, marks, runs: isJoined ? runs.filter((one) => one.length > 1) : [] };
      }),
  );

  const pressures = computed(() => {
    const row = rows().find((one) => one.name === 'bloodPressure')!;
    const placed = (value: number | null) => {
      if (value === null) return null;
      const line = chart.lineOf(row, { bp_sys: value } as Report) ?? 0;
      return { y: head + chart.middleOf(row, line), edge: chart.edgeOf(row, line) };
    };
    return shown().flatMap((report, index) => {
      const top = placed(report.bp_sys);
      if (top === null) return [];
      const bottom = placed(report.bp_dia);
      const middle = x(index);
      const text = (which: 'systolic' | 'diastolic', end: typeof top, value: number | null) => {
        const { dx, dy, anchor } = chart.placePressure(which, end.edge);
        return { x: middle + dx, y: end.y + dy, anchor, text: String(value) };
      };
      const bar = `M${middle - 6} ${top.y}h12`;
      return [
        {
          line: bottom === null ? bar : `${bar}M${middle} ${top.y}V${bottom.y}M${middle - 6} ${bottom.y}h12`,
          texts: [
            text('systolic', top, report.bp_sys),
            ...(bottom === null ? [] : [text('diastolic', bottom, report.bp_dia)]),
          ],
          isCorrected: isCorrected(report),
        },
      ];
    });
  });

  return { drawn, pressures };
}
