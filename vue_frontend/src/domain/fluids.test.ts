import { describe, expect, it } from 'vitest';

import type { FluidPeriod } from '@/api/record';
import { axisMaximum, formatBalance, withRunning } from './fluids';

const shift = (intake: number | null, output: number | null): FluidPeriod => ({
  shift: 'D',
  since: '2026-11-22T06:00:00Z',
  until: '2026-11-22T14:00:00Z',
  intake,
  output,
  balance: intake === null && output === null ? null : (intake ?? 0) - (output ?? 0),
  amounts: {},
});

describe('the running balance', () => {
  it('adds shift to shift, and a shift of silence changes nothing', () => {
    const drawn = withRunning([shift(500, 200), shift(null, null), shift(100, 600)]);
    expect(drawn.map((one) => one.running)).toEqual([300, 300, -200]);
  });

  it('is not known before anything was recorded, which is not 0', () => {
    expect(withRunning([shift(null, null), shift(0, 0)]).map((one) => one.running)).toEqual([null, 0]);
  });

  it('stays exact to the decimal', () => {
    expect(withRunning([shift(0.1, 0), shift(0.2, 0)]).at(-1)!.running).toBe(0.3);
  });
});

describe('how fluids are shown', () => {
  it('says the sign of a balance, and nothing where nothing is known', () => {
    expect([250, -120, 0, null].map(formatBalance)).toEqual(['+250', '−120', '0', '–']);
  });

  it.each([
    [[shift(null, null)], 500],
    [[shift(700, 200)], 1000],
    [[shift(200, 1000)], 1000],
    [[shift(4100, 0)], 5000],
  ])('has an axis in whole steps', (shifts, maximum) => {
    expect(axisMaximum(shifts)).toBe(maximum);
  });
});
