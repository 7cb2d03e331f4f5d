import { describe, expect, it } from 'vitest';

import { birthOf, formatBirth, readBirth, scoredAsAbout16, writeBirth, type Birth } from './birth';

const entry = (day: string, month: string, year: string) => ({ day, month, year });
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const words = {
  months: MONTHS,
  units: { year: 'y', month: 'm', week: 'w', day: 'd', hour: 'hr', minute: 'min' },
};
const born = (date_of_birth: string, date_of_birth_precision: Birth['date_of_birth_precision']): Birth => ({
  date_of_birth,
  date_of_birth_precision,
});

describe('a date of birth', () => {
  it('is read as much as is known of it', () => {
    expect(readBirth(entry('', '', ''))).toBeNull();
    expect(readBirth(entry('', '', '1958'))).toBe('1958');
    expect(readBirth(entry('', '6', '1958'))).toBe('1958-06');
    expect(readBirth(entry('5', '6', '1958'))).toBe('1958-06-05');
    for (const wrong of [
      entry('5', '', '1958'),
      entry('5', '6', ''),
      entry('', '6', ''),
      entry('', '', '58'),
      entry('31', '2', '1958'),
    ]) {
      expect(readBirth(wrong)).toBeUndefined();
    }
  });

  it('comes back into the form as it was entered', () => {
    for (const text of ['1958', '1958-06', '1958-06-05']) {
      expect(readBirth(writeBirth(birthOf(text, '2026-11-22')))).toBe(text);
    }
    expect(writeBirth(birthOf(null, '2026-11-22'))).toEqual(entry('', '', ''));
  });

  it('is the middle of what is known, and never ahead', () => {
    expect(birthOf('1958', '2026-11-22')).toEqual(born('1958-07-01', 'year'));
    expect(birthOf('1958-06', '2026-11-22')).toEqual(born('1958-06-15', 'month'));
    expect(birthOf('2026', '2026-03-10')).toEqual(born('2026-03-10', 'year'));
  });

  it('is shown as much as is known of it', () => {
    expect(formatBirth('1958-07-01', 'year', words)).toBe('1958');
    expect(formatBirth('1958-06-15', 'month', words)).toBe('Jun-1958');
    expect(formatBirth('1958-06-05', 'day', words)).toBe('05-Jun-1958');
  });

  it.each([
    ['2010-07-01', 'year', '2025-12-31T12:00:00Z', null],
    ['2010-07-01', 'year', '2026-01-01T12:00:00Z', 'child'],
    ['2010-07-01', 'year', '2026-06-30T12:00:00Z', 'child'],
    ['2010-07-01', 'year', '2026-07-01T12:00:00Z', 'adult'],
    ['2010-07-01', 'year', '2026-12-30T12:00:00Z', 'adult'],
    ['2010-07-01', 'year', '2026-12-31T12:00:00Z', null],
    ['2010-02-15', 'month', '2026-02-14T12:00:00Z', 'child'],
    ['2010-02-15', 'month', '2026-02-27T12:00:00Z', 'adult'],
    ['2010-02-15', 'month', '2026-02-28T12:00:00Z', null],
    ['2010-07-01', 'day', '2026-06-30T12:00:00Z', null],
  ] as const)('%s by its %s leaves 16 open on %s: %s', (date, precision, now, expected) => {
    expect(scoredAsAbout16(born(date, precision), now, 'UTC')).toBe(expected);
  });
});
