import { describe, expect, it } from 'vitest';

import { everyHour, roundSteps } from './statistics';

const counted = {
  volume: 3,
  acknowledged: 1,
  time_to_acknowledge: { median: null, p90: null },
  due: 2,
  overdue: 1,
  overdue_share: 0.5,
};

describe('the hours of the day', () => {
  it('are all there, and quiet ones are zero', () => {
    const hours = everyHour([{ ...counted, hour: 14 }]);
    expect(hours).toHaveLength(24);
    expect(hours[14]).toEqual({ hour: 14, volume: 3, overdue: 1 });
    expect(hours[3]).toEqual({ hour: 3, volume: 0, overdue: 0 });
  });
});

describe('the steps of an axis', () => {
  it.each([
    [0, [0, 1]],
    [3, [0, 1, 2, 3]],
    [7, [0, 2, 4, 6, 8]],
    [41, [0, 20, 40, 60]],
  ])('for %i are round and reach it', (highest, steps) => {
    expect(roundSteps(highest)).toEqual(steps);
  });
});
