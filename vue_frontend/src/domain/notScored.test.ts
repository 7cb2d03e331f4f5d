import { describe, expect, it } from 'vitest';

import { SCORED_FIELDS, type NotScoredReason } from '@/api/types';
import { makeNews2, makePatient, makeReport } from '@/testing';
import { isSet, notScoredRuns, reasonNotScored, spansOfColumns, spansOfTime } from './notScored';

const day = (text: string) => {
  const [year, month, date] = text.split('-').map(Number) as [number, number, number];
  return { year, month, day: date };
};
const at = (time: string, reason: NotScoredReason | null, id = 1) =>
  makeReport({
    id,
    datetime: `2026-11-22T${time}:00Z`,
    news2: makeNews2(reason === null ? {} : { score: null, risk: null, not_scored_because: reason }),
  });
const ms = (time: string) => Date.parse(`2026-11-22T${time}:00Z`);

describe('who is not scored today', () => {
  it.each([
    ['the day before the 16th birthday', { date_of_birth: '2010-11-23' }, 'under_16'],
    ['on the 16th birthday', { date_of_birth: '2010-11-22' }, null],
    ['an unknown date of birth', { date_of_birth: null }, null],
    ['pregnant', { pregnant: true }, 'pregnant'],
    ['pathway none', { pathway: 'none' }, 'pathway_none'],
    ['dengue', { pathway: 'dengue' }, null],
    [
      'a pregnant child without a pathway',
      { date_of_birth: '2012-01-01', pregnant: true, pathway: 'none' },
      'under_16',
    ],
  ] as const)('%s', (_, change, reason) => {
    expect(reasonNotScored(makePatient(change), day('2026-11-22'))).toBe(reason);
  });

  it('is a year older on 1 March when born on 29 February', () => {
    const patient = makePatient({ date_of_birth: '2008-02-29' });
    expect(reasonNotScored(patient, day('2024-02-28'))).toBe('under_16');
    expect(reasonNotScored(patient, day('2024-02-29'))).toBeNull();
    const other = makePatient({ date_of_birth: '2012-02-29' });
    expect(reasonNotScored(other, day('2028-02-28'))).toBe('under_16');
    const noLeap = makePatient({ date_of_birth: '2009-03-01' });
    expect(reasonNotScored(noLeap, day('2025-02-28'))).toBe('under_16');
    expect(reasonNotScored(noLeap, day('2025-03-01'))).toBeNull();
  });
});

it('counts fluids alone as no set, scored or not', () => {
  const nothing = makeNews2({ score: null, risk: null, complete: false, missing: [...SCORED_FIELDS] });
  expect(isSet(nothing)).toBe(false);
  expect(isSet({ ...nothing, lower_bound: 0 })).toBe(true);
  expect(isSet({ ...nothing, not_scored_because: 'under_16' })).toBe(false);
  expect(isSet({ ...nothing, not_scored_because: 'under_16', missing: ['pulse'] })).toBe(true);
  expect(isSet(makeNews2())).toBe(true);
});

describe('where the bands of a time axis are', () => {
  const axis = { from: ms('00:00'), to: ms('20:00') };

  it('everywhere for a patient who is scored, nowhere for a child', () => {
    expect(spansOfTime([at('04:00', null)], { ...axis, now: null })).toEqual([{ ...axis, reason: null }]);
    expect(spansOfTime([at('04:00', 'under_16')], { ...axis, now: 'under_16' })).toEqual([
      { ...axis, reason: 'under_16' },
    ]);
  });

  it('change half way between two sets', () => {
    expect(spansOfTime([at('04:00', null), at('08:00', 'pregnant')], { ...axis, now: 'pregnant' })).toEqual([
      { from: axis.from, to: ms('06:00'), reason: null },
      { from: ms('06:00'), to: axis.to, reason: 'pregnant' },
    ]);
  });

  it('end by the present state, whatever the last set was', () => {
    expect(spansOfTime([at('10:00', null)], { ...axis, now: 'pathway_none' })).toEqual([
      { from: axis.from, to: ms('15:00'), reason: null },
      { from: ms('15:00'), to: axis.to, reason: 'pathway_none' },
    ]);
  });

  it('are the present state without any set', () => {
    expect(spansOfTime([], { ...axis, now: 'under_16' })).toEqual([{ ...axis, reason: 'under_16' }]);
  });
});

describe('where the bands of a chart of columns are', () => {
  it('in the columns of sets that were scored', () => {
    const sets = [at('04:00', null, 1), at('08:00', 'pregnant', 2), at('09:00', 'pregnant', 3)];
    expect(spansOfColumns(sets, { columnCount: 6, now: 'pregnant' })).toEqual([
      { from: 0, to: 1, reason: null },
      { from: 1, to: 6, reason: 'pregnant' },
    ]);
    expect(spansOfColumns(sets, { columnCount: 3, now: null }).at(-1)).toEqual({
      from: 1,
      to: 3,
      reason: 'pregnant',
    });
  });

  it('in empty columns by the present state', () => {
    expect(spansOfColumns([at('04:00', 'under_16')], { columnCount: 6, now: null })).toEqual([
      { from: 0, to: 1, reason: 'under_16' },
      { from: 1, to: 6, reason: null },
    ]);
  });
});

it('names each reason with the sets it holds for', () => {
  const sets = [
    at('01:00', 'pregnant', 1),
    at('02:00', 'pregnant', 2),
    at('03:00', null, 3),
    at('04:00', 'pregnant', 4),
    at('05:00', 'pathway_none', 5),
  ];
  expect(notScoredRuns(sets).map((run) => [run.reason, run.sets.map((one) => one.id)])).toEqual([
    ['pregnant', [1, 2]],
    ['pregnant', [4]],
    ['pathway_none', [5]],
  ]);
});
