import { describe, expect, it } from 'vitest';

import { readDate, readDateTime, writeDate, writeDateTime } from './dateEntry';

const entry = (day: string, month: string, year: string) => ({ day, month, year });

describe('a date that is entered in three parts', () => {
  it('is the day that was meant, whatever the order of the browser', () => {
    expect(readDate(entry('5', '9', '1932'))).toBe('1932-09-05');
    expect(writeDate('1932-09-05')).toEqual(entry('5', '9', '1932'));
  });

  it('is no date while it is empty, and refused while it is none of the calendar', () => {
    expect(readDate(entry('', '', ''))).toBeNull();
    for (const wrong of [
      entry('30', '2', '1960'),
      entry('29', '2', '1961'),
      entry('1', '', '1960'),
      entry('1', '1', '60'),
    ])
      expect(readDate(wrong)).toBeUndefined();
    expect(readDate(entry('29', '2', '1960'))).toBe('1960-02-29');
  });

  it('and a time are an instant of the ward', () => {
    const summer = { ...entry('5', '7', '2026'), time: '0905' };
    expect(readDateTime(summer, 'Europe/London')).toBe(Date.parse('2026-07-05T08:05:00Z'));
    expect(writeDateTime('2026-07-05T08:05:30Z', 'Europe/London')).toEqual({ ...summer, time: '09:05' });
    expect(readDateTime({ ...summer, time: '' }, 'Europe/London')).toBeUndefined();
    expect(readDateTime({ ...entry('', '', ''), time: '' }, 'Europe/London')).toBeNull();
    expect(readDateTime({ ...summer, time: '24:00' }, 'Europe/London')).toBeUndefined();
  });
});
