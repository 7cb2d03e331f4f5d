import { describe, expect, it } from 'vitest';

import { makeNews2, makeReport } from '@/testing';
import { CHART_LINES, lineIndexOf } from './chartBands';
import {
  edgeOf,
  hasGapBefore,
  isAirOrOxygenUnknown,
  lineOf,
  middleOf,
  ON_SCREEN,
  placeLabel,
  placePressure,
  placeRows,
  sizeOnPaper,
} from './newsChart';

/** How high a digit of the chart is, px. */
const DIGIT = 8.5;

const labels = { air: 'air', oxygen: 'O2', alert: 'A', notAlert: 'CVPU' };
const rowNamed = (name: string, report = makeReport()) =>
  placeRows([report], labels).rows.find((row) => row.name === name)!;

describe('the lines of the observation chart', () => {
  it.each([
    ['respiration', 8, '≤8'],
    ['respiration', 9, '9–11'],
    ['respiration', 25, '≥25'],
    ['temperature', 35, '≤35.0'],
    ['temperature', 35.1, '35.1–36.0'],
    ['temperature', 39.1, '≥39.1'],
    ['pulse', 0, '≤30'],
    ['bloodPressure', 219, '201–219'],
    ['bloodPressure', 220, '≥220'],
  ] as const)('%s %d falls on %s', (name, value, label) => {
    const lines = CHART_LINES[name];
    expect(lines[lineIndexOf(lines, value)]!.label).toBe(label);
  });

  it('charts a fraction of SpO2 as it is scored, as the worse whole number', () => {
    const row = rowNamed('spo2Scale1');
    expect(row.lines[lineOf(row, makeReport({ o2sat: 95.6 }))!]!.label).toBe('94–95');
  });

  it('tells air from oxygen on scale 2', () => {
    const news2 = makeNews2({ spo2_scale: 2 });
    const onAir = makeReport({ news2, o2sat: 97, supplemental_oxygen: false });
    const onOxygen = makeReport({ news2, o2sat: 96.5, supplemental_oxygen: true });
    const row = rowNamed('spo2Scale2', onAir);
    expect(row.lines[lineOf(row, onAir)!]!.label).toBe('≥93 air');
    expect(row.lines[lineOf(row, onOxygen)!]!.label).toBe('≥97 O₂');
    expect(lineOf(row, makeReport({ o2sat: 97 }))).toBeNull();
  });

  it('puts an SpO2 on scale 2 on no line of air or oxygen while neither was recorded', () => {
    const news2 = makeNews2({ spo2_scale: 2 });
    const of = (o2sat: number) => makeReport({ news2, o2sat, supplemental_oxygen: null });
    const row = rowNamed('spo2Scale2', of(97));
    const onAir = row.lines.findIndex((line) => line.label === '≥93 air');
    expect(['93–94 O₂', '≥93 air']).toEqual([row.lines[onAir - 1]!.label, row.lines[onAir]!.label]);
    expect([92.5, 93, 97].map((value) => lineOf(row, of(value)))).toEqual([
      onAir - 0.5,
      onAir - 0.5,
      onAir - 0.5,
    ]);
    expect(row.lines[lineOf(row, of(92))!]!.label).toBe('88–92');
    expect([92, 92.5].map((value) => isAirOrOxygenUnknown(of(value)))).toEqual([false, true]);
    expect(isAirOrOxygenUnknown(makeReport({ o2sat: 97 }))).toBe(false);
    expect(isAirOrOxygenUnknown({ ...of(97), supplemental_oxygen: false })).toBe(false);
  });

  it('leaves out what was not measured', () => {
    expect(lineOf(rowNamed('pulse'), makeReport())).toBeNull();
  });

  it.each([
    ['above a peak', 20, 10, 20, { dy: -6, anchor: 'middle' }],
    ['above a level', 10, 10, 10, { dy: -6, anchor: 'middle' }],
    ['below a valley', 10, 20, 10, { dy: 14, anchor: 'middle' }],
    ['below the first dot of a rise', null, 20, 10, { dy: 14, anchor: 'middle' }],
    ['left of what rises', 30, 20, 10, { dy: -6, anchor: 'end' }],
    ['right of what falls', 10, 20, 30, { dy: -6, anchor: 'start' }],
    ['above a lone dot', null, 20, null, { dy: -6, anchor: 'middle' }],
  ] as const)('puts a value where no line runs: %s', (_, before, y, after, place) => {
    expect(placeLabel(before, y, after)).toMatchObject(place);
  });

  it.each(['respiration', 'spo2Scale1', 'pulse', 'temperature', 'oxygen', 'consciousness'] as const)(
    'keeps the numbers of %s out of the rows beside it, whatever runs to them',
    (name) => {
      const row = rowNamed(name);
      const end = row.top + row.height;
      for (const line of row.lines.keys()) {
        const y = middleOf(row, line);
        const others = [null, ...row.lines.keys()].map((one) => (one === null ? null : middleOf(row, one)));
        for (const before of others) {
          for (const after of others) {
            const baseline = y + placeLabel(before, y, after, edgeOf(row, line)).dy;
            expect(baseline - DIGIT).toBeGreaterThanOrEqual(row.top - ON_SCREEN.gap / 2);
            expect(baseline).toBeLessThanOrEqual(end + ON_SCREEN.gap / 2);
          }
        }
      }
    },
  );

  it('keeps pressures in their row, and apart from each other on one line', () => {
    const row = rowNamed('bloodPressure');
    for (const line of row.lines.keys()) {
      const places = (['systolic', 'diastolic'] as const).map((which) =>
        placePressure(which, edgeOf(row, line)),
      );
      for (const { dy } of places) {
        expect(middleOf(row, line) + dy - DIGIT).toBeGreaterThanOrEqual(row.top);
        expect(middleOf(row, line) + dy).toBeLessThanOrEqual(row.top + row.height);
      }
      expect(places[0]).not.toEqual(places[1]);
    }
  });

  it.each([
    ['below a level', 8.5, 8.5, { dy: 14, anchor: 'middle' }],
    ['left of what falls', 8.5, 25.5, { dy: 14, anchor: 'end' }],
    ['right of what rises', 25.5, 8.5, { dy: 14, anchor: 'start' }],
    ['close above a peak', 25.5, 25.5, { dy: -4, anchor: 'middle' }],
    ['close above the first dot of a fall', null, 25.5, { dy: -4, anchor: 'middle' }],
  ] as const)('puts a value on the first line where no line runs: %s', (_, before, after, place) => {
    expect(placeLabel(before, 8.5, after, 'top')).toMatchObject(place);
  });

  it('marks a gap of more than twice the interval before', () => {
    const at = (time: string, id: number) => makeReport({ id, datetime: `2026-11-22T${time}:00Z` });
    const reports = [at('00:00', 1), at('04:00', 2), at('08:00', 3), at('17:00', 4)];
    expect(reports.map((_, index) => hasGapBefore(reports, index))).toEqual([false, false, false, true]);
  });
});

describe('the chart on paper', () => {
  const measured = { pulse: 72, bp_sys: 122, bp_dia: 74, respiration: 16, temperature: 36.8, o2sat: 97 };
  const both = [makeReport(measured), makeReport({ ...measured, news2: makeNews2({ spo2_scale: 2 }) })];
  const linesOf = (height: number, name: string) => {
    const { rows } = placeRows(both, labels, { size: sizeOnPaper(both, height) });
    return rows.find((row) => row.name === name)!.lines.map((line) => [line.label, line.points]);
  };

  it('fills its room and no more', () => {
    for (const height of [480, 540, 620]) {
      const size = sizeOnPaper(both, height);
      expect(size.head + placeRows(both, labels, { size }).height).toBeCloseTo(height, 5);
    }
    expect(sizeOnPaper(both, 5000).line).toBe(ON_SCREEN.line);
  });

  it('draws as one the lines with the same points on which nothing lies, where there is little room', () => {
    expect(linesOf(5000, 'bloodPressure')).toHaveLength(CHART_LINES.bloodPressure.length);
    expect(linesOf(500, 'bloodPressure')).toEqual([
      ['≥220', 3],
      ['141–219', 0],
      ['121–140', 0],
      ['111–120', 0],
      ['101–110', 1],
      ['91–100', 2],
      ['81–90', 3],
      ['71–80', 3],
      ['≤70', 3],
    ]);
    expect(linesOf(500, 'pulse').at(-1)).toEqual(['≤40', 3]);
    expect(linesOf(500, 'spo2Scale2')).toHaveLength(CHART_LINES.spo2Scale2.length);
  });

  it('lets a value lie on the line that it has, folded or not', () => {
    const size = sizeOnPaper(both, 500);
    for (const row of placeRows(both, labels, { size }).rows) {
      const line = lineOf(row, both[0]!);
      if (line === null || !(row.name in CHART_LINES)) continue;
      const whole = CHART_LINES[row.name as keyof typeof CHART_LINES];
      const value = row.name === 'bloodPressure' ? measured.bp_sys : measured[row.name as 'pulse'];
      if (value !== undefined) expect(row.lines[line]!.points).toBe(whole[lineIndexOf(whole, value)]!.points);
    }
  });

  it('puts a number beside a dot at the edge of a row that has no room above or below it', () => {
    expect(placeLabel(40, 5, 40, 'top', true)).toEqual({ dx: 6, dy: 4, anchor: 'start' });
    expect(placeLabel(5, 40, 5, 'bottom', true)).toEqual({ dx: 6, dy: 4, anchor: 'start' });
    expect(placeLabel(5, 40, 5, null, true).dy).toBeGreaterThan(4);
  });
});
