/**
 * The coloured bands behind the charts: drawing only, no score is computed in the browser.
 *
 * National Early Warning Score (NEWS) 2 © Royal College of Physicians 2017, chart 1 and observation chart.
 */

import type { NumberField } from '@/api/types';

export type Points = 0 | 1 | 2 | 3;

export interface Band {
  /** Values up to and including this, above the band before; Infinity for the last. */
  upTo: number;
  points: Points;
}

export type TrendField = NumberField | 'total' | 'pulse_pressure';

/** A line across a graph, with its name at the right; a limit is drawn stronger than a reference. */
export interface LevelLine {
  value: number;
  label: string;
  isLimit?: boolean;
}

export interface TrendSpec {
  field: TrendField;
  /** Fixed clinical range of the axis: no chart fits itself to its data. */
  range: [number, number];
  step: number;
  bands: Band[];
  lines?: LevelLine[];
}

const band = (upTo: number, points: Points): Band => ({ upTo, points });

const SPO2_SCALE_1 = [band(91.999, 3), band(93.999, 2), band(95.999, 1), band(Infinity, 0)];
/** Above 92 % scale 2 scores on oxygen only, so the band stays plain; the table beside names the points. */
const SPO2_SCALE_2 = [band(83.999, 3), band(85.999, 2), band(87.999, 1), band(Infinity, 0)];

export function trendSpecs(spo2Scale: 1 | 2): TrendSpec[] {
  return [
    {
      field: 'total',
      range: [0, 14],
      step: 5,
      // The RCP's aggregate thresholds: 5 to 6 medium, 7 and more high.
      bands: [band(0.5, 0), band(4.5, 1), band(6.5, 2), band(Infinity, 3)],
    },
    {
      field: 'respiration',
      range: [4, 36],
      step: 8,
      bands: [band(8.5, 3), band(11.5, 1), band(20.5, 0), band(24.5, 2), band(Infinity, 3)],
    },
    { field: 'o2sat', range: [80, 101], step: 5, bands: spo2Scale === 1 ? SPO2_SCALE_1 : SPO2_SCALE_2 },
    {
      field: 'bp_sys',
      range: [40, 240],
      step: 50,
      bands: [band(90.5, 3), band(100.5, 2), band(110.5, 1), band(219.5, 0), band(Infinity, 3)],
    },
    {
      field: 'pulse',
      range: [30, 150],
      step: 30,
      bands: [band(40.5, 3), band(50.5, 1), band(90.5, 0), band(110.5, 1), band(130.5, 2), band(Infinity, 3)],
    },
    {
      field: 'temperature',
      range: [34, 41],
      step: 2,
      bands: [band(35.05, 3), band(36.05, 1), band(38.05, 0), band(39.05, 1), band(Infinity, 2)],
    },
  ];
}

/** One line of the RCP's observation chart: the values it holds and the points printed beside it. */
export interface ChartLine {
  label: string;
  from: number;
  to: number;
  points: Points;
}

const line = (label: string, from: number, to: number, points: Points): ChartLine => ({
  label,
  from,
  to,
  points,
});

/** Lines of the observation chart from top to bottom, as the RCP prints them. Both ends are included. */
export const CHART_LINES = {
  respiration: [
    line('≥25', 25, Infinity, 3),
    line('21–24', 21, 24, 2),
    line('18–20', 18, 20, 0),
    line('15–17', 15, 17, 0),
    line('12–14', 12, 14, 0),
    line('9–11', 9, 11, 1),
    line('≤8', -Infinity, 8, 3),
  ],
  spo2Scale1: [
    line('≥96', 96, Infinity, 0),
    line('94–95', 94, 95, 1),
    line('92–93', 92, 93, 2),
    line('≤91', -Infinity, 91, 3),
  ],
  spo2Scale2: [
    line('≥97 O₂', 97, Infinity, 3),
    line('95–96 O₂', 95, 96, 2),
    line('93–94 O₂', 93, 94, 1),
    line('≥93 air', 93, Infinity, 0),
    line('88–92', 88, 92, 0),
    line('86–87', 86, 87, 1),
    line('84–85', 84, 85, 2),
    line('≤83', -Infinity, 83, 3),
  ],
  bloodPressure: [
    line('≥220', 220, Infinity, 3),
    line('201–219', 201, 219, 0),
    line('181–200', 181, 200, 0),
    line('161–180', 161, 180, 0),
    line('141–160', 141, 160, 0),
    line('121–140', 121, 140, 0),
    line('111–120', 111, 120, 0),
    line('101–110', 101, 110, 1),
    line('91–100', 91, 100, 2),
    line('81–90', 81, 90, 3),
    line('71–80', 71, 80, 3),
    line('61–70', 61, 70, 3),
    line('51–60', 51, 60, 3),
    line('≤50', -Infinity, 50, 3),
  ],
  pulse: [
    line('≥131', 131, Infinity, 3),
    line('121–130', 121, 130, 2),
    line('111–120', 111, 120, 2),
    line('101–110', 101, 110, 1),
    line('91–100', 91, 100, 1),
    line('81–90', 81, 90, 0),
    line('71–80', 71, 80, 0),
    line('61–70', 61, 70, 0),
    line('51–60', 51, 60, 0),
    line('41–50', 41, 50, 1),
    line('31–40', 31, 40, 3),
    line('≤30', -Infinity, 30, 3),
  ],
  temperature: [
    line('≥39.1', 39.1, Infinity, 2),
    line('38.1–39.0', 38.1, 39, 1),
    line('37.1–38.0', 37.1, 38, 0),
    line('36.1–37.0', 36.1, 37, 0),
    line('35.1–36.0', 35.1, 36, 1),
    line('≤35.0', -Infinity, 35, 3),
  ],
} as const;

/** The line that a value falls on: the first, from the bottom, whose upper end is not below it. */
export function lineIndexOf(lines: readonly ChartLine[], value: number): number {
  for (let index = lines.length - 1; index >= 0; index -= 1) {
    if (value <= lines[index]!.to) return index;
  }
  return 0;
}
