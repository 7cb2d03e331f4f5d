import { describe, expect, it } from 'vitest';

import { dateWords } from '@/locales';
import * as format from './format';

const words = dateWords();
const LONDON = 'Europe/London';
const HOUR = 3_600_000;

describe('dates and times', () => {
  it('writes September with three letters, which Intl does not', () => {
    expect(format.formatDate('2026-09-05T12:00:00Z', LONDON, words)).toBe('05-Sep-2026');
  });

  it('shows ward time, whatever the browser thinks', () => {
    const instant = '2026-07-01T23:30:00Z';
    expect(format.formatDateTime(instant, LONDON, words)).toBe('02-Jul-2026 00:30');
    expect(format.formatDateTime(instant, 'America/New_York', words)).toBe('01-Jul-2026 19:30');
  });

  it('writes midnight as 00:00', () => {
    expect(format.formatTime('2026-11-22T00:00:00Z', 'UTC')).toBe('00:00');
  });

  it('leaves out the day only for today', () => {
    expect(format.formatRecent('2026-11-22T00:03:00Z', '2026-11-22T10:00:00Z', 'UTC', words)).toBe('00:03');
    expect(format.formatRecent('2026-11-21T23:58:00Z', '2026-11-22T00:03:00Z', 'UTC', words)).toBe(
      '21-Nov 23:58',
    );
  });

  it('finds the instant of a local time on both sides of a clock change', () => {
    const at = (month: number, day: number, hour: number) =>
      new Date(format.fromLocalParts({ year: 2026, month, day, hour, minute: 30 }, LONDON)).toISOString();
    expect(at(3, 28, 12)).toBe('2026-03-28T12:30:00.000Z');
    expect(at(3, 29, 12)).toBe('2026-03-29T11:30:00.000Z');
    expect(at(10, 25, 0)).toBe('2026-10-24T23:30:00.000Z');
    expect(at(10, 25, 1)).toBe('2026-10-25T00:30:00.000Z');
    expect(at(10, 25, 3)).toBe('2026-10-25T03:30:00.000Z');
  });
});

describe('durations', () => {
  it.each([
    [0, '0min'],
    [59_000, '0min'],
    [17 * 60_000, '17min'],
    [2 * HOUR + 5 * 60_000, '2hr 5min'],
    [12 * HOUR, '12hr'],
    [27 * HOUR, '1d 3hr'],
    [-17 * 60_000, '17min'],
  ])('%i ms is %s', (milliseconds, text) => {
    expect(format.formatDuration(milliseconds, words)).toBe(text);
  });
});

describe('ages', () => {
  it.each([
    ['1932-11-23', '93y'],
    ['1932-11-22', '94y'],
    ['2024-11-22', '2y'],
    ['2025-06-22', '17m'],
    ['2026-09-30', '7w'],
    ['2026-11-20', '2d'],
  ])('born %s is %s on 22-Nov-2026', (birth, text) => {
    expect(format.formatAge(birth, '2026-11-22T12:00:00Z', 'UTC', words)).toBe(text);
  });
});

describe('readings', () => {
  it('shows 0 as 0 and a missing value as a dash', () => {
    expect(format.formatReading(0, 0)).toBe('0');
    expect(format.formatReading(null, 0)).toBe('–');
  });

  it('gives a temperature its decimal, and hides no recorded fraction', () => {
    expect(format.formatReading(37, 1)).toBe('37.0');
    expect(format.formatReading(96.5, 0)).toBe('96.5');
    expect(format.formatReading(96, 0)).toBe('96');
  });
});

describe('names', () => {
  it('are family name in capitals, comma, given name', () => {
    const person = { last_name: 'O’Brien', first_name: 'Órla' };
    expect(format.formatName(person)).toBe('O’BRIEN, Órla');
    expect(format.formatNameWithInitial(person)).toBe('O’BRIEN, Ó');
  });
});
