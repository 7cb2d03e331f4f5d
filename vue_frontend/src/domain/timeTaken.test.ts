import { describe, expect, it } from 'vitest';

import { instantTaken, timeTakenAt, type TimeTaken } from './timeTaken';

const NOW = Date.parse('2026-11-22T00:30:00Z');
const ADMISSION = '2026-11-21T20:15:40.123456Z';
const taken = (text: string, day: TimeTaken['day']) =>
  instantTaken({ isNow: false, day, text }, NOW, ADMISSION, 'UTC');
const iso = (text: string, day: TimeTaken['day']) => {
  const { at } = taken(text, day);
  return at === null ? null : new Date(at).toISOString();
};

describe('the time a set was taken', () => {
  it('is now unless something else is said', () => {
    expect(instantTaken({ isNow: true, day: 'today', text: '' }, NOW, ADMISSION, 'UTC').at).toBe(NOW);
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
    const { at } = instantTaken({ isNow: true, day: 'today', text: '' }, before, ADMISSION, 'UTC');
    expect(new Date(at ?? 0).toISOString()).toBe('2026-11-21T20:15:40.124Z');
  });

  it('must be a time', () => {
    for (const text of ['', '24:00', '12:60', 'noon']) expect(taken(text, 'today').problem).toBe('timeWrong');
  });
});

describe('a draft that is taken up again', () => {
  it.each(['2026-11-22T00:12:00Z', '2026-11-21T23:58:00Z'])('keeps the time of its readings, %s', (at) => {
    const time = timeTakenAt(Date.parse(at), NOW, 'UTC');
    expect(instantTaken(time, NOW, ADMISSION, 'UTC').at).toBe(Date.parse(at));
  });
});
