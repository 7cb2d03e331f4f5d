import { computed } from 'vue';

import type { Report } from '@/api/types';
import { formatReading } from '@/domain/format';
import * as chart from '@/domain/newsChart';
import { isCorrected } from '@/domain/reportVersions';
import { isStruck } from '@/domain/struck';
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

const pressureText = (report: Report) =>
  `${formatReading(report.bp_sys, 0)}/${formatReading(report.bp_dia, 0)}`;

/** What a row shows; one is corrected where any of these was. */
const FIELDS_OF_ROW: Readonly<Record<chart.ChartRowName, readonly string[]>> = {
  respiration: ['respiration'],
  spo2Scale1: ['o2sat'],
  spo2Scale2: ['o2sat'],
  oxygen: ['supplemental_oxygen', 'oxygen_flow', 'oxygen_device'],
  bloodPressure: ['bp_sys', 'bp_dia'],
  pulse: ['pulse'],
  consciousness: ['consciousness'],
  temperature: ['temperature'],
  total: [],
  due: [],
};
export const CHARTED_FIELDS = Object.values(FIELDS_OF_ROW).flat();

const ROWS_WITHOUT_DOTS: readonly chart.ChartRowName[] = ['bloodPressure', 'total', 'due'];

/** A value of a set that was entered in error: it has no dot, and no line runs to it. */
export interface StruckValue {
  x: number;
  y: number;
  text: string;
}

/** What is drawn on the bands of the observation chart: dots with their values, the lines between them, pressures. */
export function useNewsChartMarks(
  shown: () => readonly Report[],
  rows: () => readonly chart.PlacedRow[],
  { x, size }: { x: (index: number) => number; size: () => chart.ChartSize },
) {
  const columns = computed(() => shown().map((report, index) => ({ report, index })));
  const standing = computed(() => columns.value.filter(({ report }) => !isStruck(report)));

  function heightOf(row: chart.PlacedRow, report: Report) {
    const line = chart.lineOf(row, report);
    return line === null
      ? null
      : { y: size().head + chart.middleOf(row, line), edge: chart.edgeOf(row, line) };
  }

  /** Per row its marks, and the lines between marks that follow each other without a missing value. */
  const drawn = computed(() =>
    rows()
      .filter((row) => !ROWS_WITHOUT_DOTS.includes(row.name))
      .map((row) => {
        const isJoined = row.name !== 'oxygen' && row.name !== 'consciousness';
        const placed = standing.value.map((column) => ({ ...column, height: heightOf(row, column.report) }));
        const marks: Mark[] = [];
        const runs: Mark[][] = [];
        placed.forEach(({ report, index, height }, order) => {
          if (height === null) return;
          const { y, edge } = height;
          const before = (isJoined && placed[order - 1]?.height?.y) || null;
          const after = (isJoined && placed[order + 1]?.height?.y) || null;
          const place = chart.placeLabel(before, y, after, edge, size().letters < 1);
          place.dx *= size().letters;
          place.dy *= size().letters;
          const text = textOf(row, report);
          const mark = {
            x: x(index),
            y,
            text,
            isCorrected: isCorrected(report, ...FIELDS_OF_ROW[row.name]),
            ...place,
          };
          marks.push(mark);
          if (!placed[order - 1]?.height) runs.push([]);
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
      return { y: size().head + chart.middleOf(row, line), edge: chart.edgeOf(row, line) };
    };
    return standing.value.flatMap(({ report, index }) => {
      const top = placed(report.bp_sys);
      if (top === null) return [];
      const bottom = placed(report.bp_dia);
      const middle = x(index);
      const text = (which: 'systolic' | 'diastolic', end: typeof top, value: number | null) => {
        const { dx, dy, anchor } = chart.placePressure(which, end.edge);
        const { letters } = size();
        return { x: middle + dx * letters, y: end.y + dy * letters, anchor, text: String(value) };
      };
      const half = 6 * size().letters;
      const bar = `M${middle - half} ${top.y}h${2 * half}`;
      return [
        {
          line:
            bottom === null
              ? bar
              : `${bar}M${middle} ${top.y}V${bottom.y}M${middle - half} ${bottom.y}h${2 * half}`,
          texts: [
            text('systolic', top, report.bp_sys),
            ...(bottom === null ? [] : [text('diastolic', bottom, report.bp_dia)]),
          ],
          isCorrected: isCorrected(report, ...FIELDS_OF_ROW.bloodPressure),
        },
      ];
    });
  });

  const struck = computed<StruckValue[]>(() =>
    columns.value.flatMap(({ report, index }) =>
      isStruck(report)
        ? rows().flatMap((row) => {
            const height = heightOf(row, report);
            const text = row.name === 'bloodPressure' ? pressureText(report) : textOf(row, report);
            return height === null || text === ''
              ? []
              : [{ x: x(index), y: height.y + 4 * size().letters, text }];
          })
        : [],
    ),
  );

  /** Values that were not taken, with the reason's first letter, at the top of their row. */
  const refusals = computed(() =>
    standing.value.flatMap(({ report, index }) =>
      rows().flatMap((row) => {
        const field =
          row.name === 'bloodPressure' ? 'bp_sys' : row.name.startsWith('spo2') ? 'o2sat' : row.name;
        const reason = report.not_measured[field === 'oxygen' ? 'supplemental_oxygen' : field];
        if (reason === undefined) return [];
        return [{ x: x(index), y: size().head + row.top + row.height / 2, text: t(`notMeasured.${reason}`) }];
      }),
    ),
  );

  return { drawn, pressures, struck, refusals };
}
