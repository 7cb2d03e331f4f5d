import { describe, expect, it } from 'vitest';

import {
  earlierDays,
  instantTaken,
  isOfEarlierDay,
  takenNow,
  timeTakenAt,
  type TimeTaken,
} from './timeTaken';

const NOW = Date.parse('2026-11-22T00:30:00Z');
const ADMISSION = '2026-11-21T20:15:40.123456Z';
const taken = (text: string, day: TimeTaken['day']) =>
  instantTaken({ ...takenNow(), isNow: false, day, text }, NOW, ADMISSION, 'UTC');
const iso = (text: string, day: TimeTaken['day']) => {
  const { at } = taken(text, day);
  return at === null ? null : new Date(at).toISOString();
};

describe('the time a set was taken', () => {
  it('is now unless something else is said', () => {
    expect(instantTaken(takenNow(), NOW, ADMISSION, 'UTC').at).toBe(NOW);
  });

  it('may be of yesterday, shortly after midnight', () => {
    expect(iso('23:42', 'yesterday')).toBe('2026-11-21T23:42:00.000Z');
    expect(iso('2342', 'yesterday')).toBe('2026-11-21T23:42:00.000Z');
  });

  it('is never in the future, and never before admission', () => {
    expect(taken('23:42', 'today').problem).toBe('timeFuture');
    expect(taken('20:10', 'yesterday').problem).toBe('timeBeforeAdmission');
  });

  it('in the minute of admission means the moment after it', () => {
    expect(iso('20:15', 'yesterday')).toBe('2026-11-21T20:15:40.124Z');
  });

  it('is after an admission that our clock lags behind', () => {
    const before = Date.parse(ADMISSION) - 900;
    const { at } = instantTaken(takenNow(), before, ADMISSION, 'UTC');
    expect(new Date(at ?? 0).toISOString()).toBe('2026-11-21T20:15:40.124Z');
  });

  it('must be a time', () => {
    for (const text of ['', '24:00', '12:60', 'noon']) expect(taken(text, 'today').problem).toBe('timeWrong');
  });
});

describe('a day of the stay', () => {
  const LONG_AGO = '2026-11-18T20:15:00Z';
  const on = (date: string, text: string) =>
    instantTaken({ ...takenNow(), isNow: false, day: 'earlier', date, text }, NOW, LONG_AGO, 'UTC');

  it('may be any back to the admission', () => {
    expect(earlierDays(NOW, LONG_AGO, 'UTC')).toEqual(['2026-11-20', '2026-11-19', '2026-11-18']);
    expect(earlierDays(NOW, ADMISSION, 'UTC')).toEqual([]);
    expect(new Date(on('2026-11-19', '08:30').at ?? 0).toISOString()).toBe('2026-11-19T08:30:00.000Z');
    expect(on('2026-11-18', '20:00').problem).toBe('timeBeforeAdmission');
    expect(on('', '08:30').problem).toBe('timeWrong');
  });

  it('is counted by the calendar of the ward, over a change of the clocks too', () => {
    const noon = Date.parse('2026-10-27T11:00:00Z');
    expect(earlierDays(noon, '2026-10-23T22:30:00Z', 'Europe/Berlin')).toEqual(['2026-10-25', '2026-10-24']);
    const time = { ...takenNow(), isNow: false, day: 'earlier' as const, date: '2026-10-24', text: '12:00' };
    const { at } = instantTaken(time, noon, '2026-10-23T22:30:00Z', 'Europe/Berlin');
    expect(new Date(at ?? 0).toISOString()).toBe('2026-10-24T10:00:00.000Z');
  });

  it('before today needs a reason, by the calendar of the ward', () => {
    expect(isOfEarlierDay(Date.parse('2026-11-21T23:59:00Z'), NOW, 'UTC')).toBe(true);
    expect(isOfEarlierDay(Date.parse('2026-11-22T00:00:00Z'), NOW, 'UTC')).toBe(false);
    expect(isOfEarlierDay(Date.parse('2026-11-21T23:59:00Z'), NOW, 'Europe/Berlin')).toBe(false);
  });
});

describe('a draft that is taken up again', () => {
  it.each(['2026-11-22T00:12:00Z', '2026-11-21T23:58:00Z', '2026-11-21T20:16:00Z'])(
    'keeps the time of its readings, %s',
    (at) => {
      const time = timeTakenAt(Date.parse(at), NOW, 'UTC');
      expect(instantTaken(time, NOW, ADMISSION, 'UTC').at).toBe(Date.parse(at));
    },
  );
});

it('of a set of some days ago means that day', () => {
  const at = Date.parse('2026-11-19T08:30:00Z');
  expect(timeTakenAt(at, NOW, 'UTC')).toMatchObject({ day: 'earlier', date: '2026-11-19', text: '08:30' });
});
