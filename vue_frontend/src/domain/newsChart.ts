/** Geometry of the NEWS2 observation chart: which line of the RCP's form each value falls on. Pure. */

import type { NumberField, Report } from '@/api/types';
import { CHART_LINES, lineIndexOf, type ChartLine, type Points } from './chartBands';

/** How large the chart is drawn, px. */
export interface ChartSize {
  /** The height of a line. */
  line: number;
  /** Between two rows; of the room in it each row's numbers take half at most. */
  gap: number;
  /** The room above for the times. */
  head: number;
  /** Left of the columns: names, limits and points. */
  gutter: number;
  /** How large letters, dots and what lies between them are, 1 on a screen. */
  letters: number;
  /** Whether lines on which nothing lies are drawn as one. */
  isFolded?: boolean;
}

export const ON_SCREEN: ChartSize = { line: 17, gap: 8, head: 40, gutter: 172, letters: 1 };
export const ON_PAPER: Omit<ChartSize, 'line'> = { gap: 4, head: 28, gutter: 146, letters: 0.83 };
/** Lower than this, limits stand on each other: then lines on which nothing lies are drawn as one. */
const LOWEST_LINE = 9.6;
/** The row of totals, in lines. */
const TOTAL_LINES = 1.75;

export type ChartRowName =
  | 'respiration'
  | 'spo2Scale1'
  | 'spo2Scale2'
  | 'oxygen'
  | 'bloodPressure'
  | 'pulse'
  | 'consciousness'
  | 'temperature'
  | 'total'
  | 'due';

export interface PlacedRow {
  name: ChartRowName;
  lines: readonly ChartLine[];
  top: number;
  height: number;
  lineHeight: number;
}

const single = (label: string, points: Points): ChartLine => ({ label, from: 0, to: 0, points });

/** The SpO2 scale on whose lines a set stands: of one that is not scored the lines say no points, so one will do. */
const scaleOf = ({ news2 }: Report) => (news2.not_scored_because === null ? news2.spo2_scale : 1);

type Labels = Record<'air' | 'oxygen' | 'alert' | 'notAlert', string>;

/**
 * The rows in the RCP's order; of the two SpO2 scales only those in use in these sets, and the total where any was
 * scored.
 */
function rowsOf(
  reports: readonly Report[],
  labels: Labels,
  isFolded = false,
): [ChartRowName, readonly ChartLine[]][] {
  const scales = new Set(reports.map(scaleOf));
  const rows: [ChartRowName, readonly ChartLine[]][] = [['respiration', CHART_LINES.respiration]];
  if (scales.has(1) || scales.size === 0) rows.push(['spo2Scale1', CHART_LINES.spo2Scale1]);
  if (scales.has(2)) rows.push(['spo2Scale2', CHART_LINES.spo2Scale2]);
  rows.push(
    ['oxygen', [single(labels.air, 0), single(labels.oxygen, 2)]],
    ['bloodPressure', CHART_LINES.bloodPressure],
    ['pulse', CHART_LINES.pulse],
    ['consciousness', [single(labels.alert, 0), single(labels.notAlert, 3)]],
    ['temperature', CHART_LINES.temperature],
  );
  if (reports.some((report) => report.news2.not_scored_because === null)) {
    rows.push(['total', [single('', 0)]]);
  }
  rows.push(['due', [single('', 0)]]);
  return isFolded ? rows.map(([name, lines]) => [name, withoutEmptyLines(name, lines, reports)]) : rows;
}

/** Lines that follow each other with the same points, and on which no value lies, as one. */
function withoutEmptyLines(
  name: ChartRowName,
  lines: readonly ChartLine[],
  reports: readonly Report[],
): readonly ChartLine[] {
  const fields = FOLDED_FIELDS[name];
  if (fields === undefined) return lines;
  const values = reports.flatMap((report) => fields.map((field) => report[field]));
  const filled = new Set(values.filter((value) => value !== null).map((value) => lineIndexOf(lines, value)));
  return lines.reduce<ChartLine[]>((folded, line, index) => {
    const above = folded.at(-1);
    const isOne = above !== undefined && above.points === line.points;
    if (!isOne || filled.has(index) || filled.has(index - 1)) return [...folded, line];
    const one = { ...line, to: above.to };
    return [...folded.slice(0, -1), { ...one, label: limitsOf(one, name === 'temperature' ? 1 : 0) }];
  }, []);
}
/** SpO2 has no lines to spare. */
const FOLDED_FIELDS: Partial<Record<ChartRowName, readonly NumberField[]>> = {
  respiration: ['respiration'],
  bloodPressure: ['bp_sys', 'bp_dia'],
  pulse: ['pulse'],
  temperature: ['temperature'],
};
function limitsOf({ from, to }: Pick<ChartLine, 'from' | 'to'>, decimals: number): string {
  if (to === Infinity) return `≥${from.toFixed(decimals)}`;
  return from === -Infinity
    ? `≤${to.toFixed(decimals)}`
    : `${from.toFixed(decimals)}–${to.toFixed(decimals)}`;
}

const lineCount = (name: ChartRowName, lines: readonly ChartLine[]) =>
  name === 'total' ? TOTAL_LINES : lines.length;

/** As large as these sets can be drawn in this height. */
export function sizeOnPaper(reports: readonly Report[], height: number): ChartSize {
  const lineIn = (isFolded: boolean) => {
    const rows = rowsOf(reports, { air: '', oxygen: '', alert: '', notAlert: '' }, isFolded);
    const lines = rows.reduce((sum, [name, own]) => sum + lineCount(name, own), 0);
    return Math.min(ON_SCREEN.line, (height - ON_PAPER.head - rows.length * ON_PAPER.gap) / lines);
  };
  const whole = lineIn(false);
  const isFolded = whole < LOWEST_LINE;
  return { ...ON_PAPER, line: isFolded ? lineIn(true) : whole, isFolded };
}

/** The rows from top to bottom. `labelSpace`: room above each for its name, where there is none beside it. */
export function placeRows(
  reports: readonly Report[],
  labels: Labels,
  { labelSpace = 0, size = ON_SCREEN }: { labelSpace?: number; size?: ChartSize } = {},
) {
  let top = labelSpace;
  const placed = rowsOf(reports, labels, size.isFolded).map(([name, lines]) => {
    const height = lineCount(name, lines) * size.line;
    const row: PlacedRow = { name, lines, top, height, lineHeight: size.line };
    top += height + size.gap + labelSpace;
    return row;
  });
  return { rows: placed, height: top - labelSpace };
}

/** Whether an SpO2 belongs on a line for air or on one for oxygen, and nobody recorded which of the two it was. */
export function isAirOrOxygenUnknown(report: Report): boolean {
  const isAbove92 = report.o2sat !== null && Math.ceil(report.o2sat) >= 93;
  return scaleOf(report) === 2 && isAbove92 && report.supplemental_oxygen === null;
}

/** SpO2 is charted as it is scored: a fraction counts as the worse of the two whole numbers around it. */
function lineOfSpo2(report: Report, value: number, lines: readonly ChartLine[]): number {
  const isScale2 = scaleOf(report) === 2;
  const isOnOxygen = report.supplemental_oxygen === true;
  const lineOnAir = lines.findIndex((line) => line.from === 93 && line.to === Infinity);
  if (isAirOrOxygenUnknown(report)) return lineOnAir - 0.5;
  if (isScale2 && Math.ceil(value) >= 93) {
    const whole = isOnOxygen ? Math.ceil(value) : Math.floor(value);
    if (whole >= 93 && !isOnOxygen) return lineOnAir;
    if (whole >= 93) return lines.findIndex((line) => whole >= line.from && whole <= line.to);
  }
  return lineIndexOf(lines, Math.floor(value));
}

/**
 * The index of the line on which a row shows this report, or null where it was not measured.
 *
 * Half an index, on the edge between oxygen's lines and air's, is an SpO2 on scale 2 of which that is not known.
 */
export function lineOf(row: PlacedRow, report: Report): number | null {
  switch (row.name) {
    case 'respiration':
    case 'pulse':
    case 'temperature': {
      const value = report[row.name];
      return value === null ? null : lineIndexOf(row.lines, value);
    }
    case 'spo2Scale1':
    case 'spo2Scale2': {
      const isThisScale = scaleOf(report) === (row.name === 'spo2Scale1' ? 1 : 2);
      return report.o2sat === null || !isThisScale ? null : lineOfSpo2(report, report.o2sat, row.lines);
    }
    case 'oxygen':
      return report.supplemental_oxygen === null ? null : Number(report.supplemental_oxygen);
    case 'consciousness':
      return report.consciousness === null ? null : Number(report.consciousness !== 'A');
    case 'bloodPressure':
      return report.bp_sys === null ? null : lineIndexOf(row.lines, report.bp_sys);
    case 'total':
    case 'due':
      return null;
  }
}

/** Where a value stands beside its dot, px; `anchor` is the side of the text that is there. */
export interface LabelPlace {
  dx: number;
  dy: number;
  anchor: 'start' | 'middle' | 'end';
}

const ABOVE = -6;
const BELOW = 14;
/** As near to the dot as can be: of a peak or a valley at the edge of its row. */
const RIGHT_ABOVE = -4;
const RIGHT_BELOW = 12;

/** Of a dot on the first or last line of a row on paper, where there is no room above or below. */
const BESIDE: LabelPlace = { dx: 6, dy: 4, anchor: 'start' };

/** Where a dot lies in its row: on the first line, the last one, or between. Numbers stay in their own row. */
export type RowEdge = 'top' | 'bottom' | null;

export function edgeOf(row: Pick<PlacedRow, 'lines'>, line: number): RowEdge {
  if (line <= 0) return 'top';
  return line >= row.lines.length - 1 ? 'bottom' : null;
}

/**
 * The place beside a dot through which no line runs, inside its row.
 *
 * `isTight`: the lines are low, so beside the dot where it would stand above or below its row.
 * `before`, `after`: how far down the neighbours' dots are that a line joins to this one; null: no line on that side.
 */
export function placeLabel(
  before: number | null,
  y: number,
  after: number | null,
  edge: RowEdge = null,
  isTight = false,
): LabelPlace {
  const place = edge === 'top' ? placeBelow(before, y, after) : placeAbove(before, y, after, edge);
  const isOutside = edge === 'top' ? place.dy < 0 : edge === 'bottom' && place.dy > 0;
  return isTight && isOutside ? { ...BESIDE } : place;
}

/** Of the first line of a row, above which the row before ends. */
function placeBelow(before: number | null, y: number, after: number | null): LabelPlace {
  const isLower = (other: number | null) => other !== null && other > y;
  if (isLower(before) && isLower(after)) return { dx: 0, dy: RIGHT_ABOVE, anchor: 'middle' };
  // Left of the first dot stand the limits.
  if (isLower(after) && before === null) return { dx: 0, dy: RIGHT_ABOVE, anchor: 'middle' };
  if (isLower(after)) return { dx: -3, dy: BELOW, anchor: 'end' };
  if (isLower(before)) return { dx: 3, dy: BELOW, anchor: 'start' };
  return { dx: 0, dy: BELOW, anchor: 'middle' };
}

function placeAbove(before: number | null, y: number, after: number | null, edge: RowEdge): LabelPlace {
  const below = edge === 'bottom' ? RIGHT_BELOW : BELOW;
  const isHigher = (other: number | null) => other !== null && other < y;
  if (isHigher(before) && isHigher(after)) return { dx: 0, dy: below, anchor: 'middle' };
  // Left of the first dot stand the limits.
  if (isHigher(after) && before === null) return { dx: 0, dy: below, anchor: 'middle' };
  if (isHigher(after)) return { dx: -3, dy: ABOVE, anchor: 'end' };
  if (isHigher(before)) return { dx: 3, dy: ABOVE, anchor: 'start' };
  return { dx: 0, dy: ABOVE, anchor: 'middle' };
}

/** The place of a pressure: beyond its end of the bar; beside it where that end is at the edge of the row. */
export function placePressure(which: 'systolic' | 'diastolic', edge: RowEdge): LabelPlace {
  if (edge === (which === 'systolic' ? 'top' : 'bottom')) return { dx: 9, dy: 4, anchor: 'start' };
  return { dx: 0, dy: which === 'systolic' ? -4 : 13, anchor: 'middle' };
}

/** The middle of a line, from the top of the chart. */
export function middleOf(row: PlacedRow, line: number): number {
  return row.top + (line + 0.5) * row.lineHeight;
}

/** Sets further apart than twice the interval before them get a gap mark between their columns. */
export function hasGapBefore(reports: readonly Report[], index: number): boolean {
  if (index < 2) return false;
  const at = (offset: number) => Date.parse(reports[index + offset]!.datetime);
  const before = at(-1) - at(-2);
  return at(0) - at(-1) > 2 * Math.max(before, 3_600_000);
}
