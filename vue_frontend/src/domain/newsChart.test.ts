import { describe, expect, it } from 'vitest';

import { makeNews2, makeReport } from '@/testing';
import { CHART_LINES, lineIndexOf } from './chartBands';
import { hasGapBefore, isAirOrOxygenUnknown, lineOf, placeLabel, placeRows } from './newsChart';

const labels = { air: 'air', oxygen: 'O2', alert: 'A', notAlert: 'CVPU' };
const rowNamed = (name: string, report = makeReport()) =>
  placeRows([report], labels, 0).rows.find((row) => row.name === name)!;

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

  it('marks a gap of more than twice the interval before', () => {
    const at = (time: string, id: number) => makeReport({ id, datetime: `2026-11-22T${time}:00Z` });
    const reports = [at('00:00', 1), at('04:00', 2), at('08:00', 3), at('17:00', 4)];
    expect(reports.map((_, index) => hasGapBefore(reports, index))).toEqual([false, false, false, true]);
  });
});
