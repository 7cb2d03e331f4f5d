import { describe, expect, it } from 'vitest';

import { makeNotification, makePatient, makeReport } from '@/testing';
import { baselineOf, criticalPhaseOf, dayOfFever, feverSince, phaseOf, riseOf } from './dengue';

const HOUR = 3_600_000;
const START = '2026-11-21T06:00:00Z';
const END = '2026-11-23T06:00:00Z';
const clock = { critical_phase_since: START, critical_phase_until: END };
const finding = (rule: string, values: Record<string, unknown>, change = {}) =>
  makeNotification({ reasons: [{ rule, message: '', values }], ...change });
const patient = makePatient({ pathway: 'dengue' });

describe('the critical phase', () => {
  it('runs by the finding of the server, provisional or confirmed', () => {
    const provisional = finding('defervescence_provisional', clock);
    expect(criticalPhaseOf([provisional])).toEqual({
      since: Date.parse(START),
      until: Date.parse(END),
      isConfirmed: false,
    });
    const confirmed = finding('defervescence_confirmed', clock, { id: 2 });
    expect(criticalPhaseOf([provisional, confirmed])!.isConfirmed).toBe(true);
    expect(criticalPhaseOf([confirmed, provisional])!.isConfirmed).toBe(true);
  });

  it('stops when the finding is resolved: there was a new fever', () => {
    expect(criticalPhaseOf([finding('defervescence_provisional', clock, { status: 'resolved' })])).toBeNull();
  });

  it('of two episodes is the newer', () => {
    const newer = {
      critical_phase_since: '2026-11-22T00:00:00Z',
      critical_phase_until: '2026-11-24T00:00:00Z',
    };
    const found = criticalPhaseOf([
      finding('defervescence_confirmed', clock),
      finding('defervescence_provisional', newer, { id: 2 }),
    ]);
    expect(found).toMatchObject({ since: Date.parse(newer.critical_phase_since), isConfirmed: false });
  });

  it('is over at its last instant, not before', () => {
    const critical = { since: 0, until: 48 * HOUR, isConfirmed: false };
    expect(phaseOf(critical, 0, 48 * HOUR - 1)).toBe('critical');
    expect(phaseOf(critical, 0, 48 * HOUR)).toBe('over');
    expect(phaseOf(null, 5, 10)).toBe('febrile');
    expect(phaseOf(null, null, 10)).toBe('noFever');
  });
});

describe('fever', () => {
  it.each([
    [{ temperature: 37.9 }, null],
    [{ temperature: 38 }, '2026-11-22T12:00:00Z'],
    [{ status: 'febrile' }, '2026-11-22T12:00:00Z'],
    [{ day_of_fever: 1 }, '2026-11-22T12:00:00Z'],
  ])('is known from %j', (change, at) => {
    const found = feverSince(patient, [makeReport({ datetime: '2026-11-22T12:00:00Z', ...change })]);
    expect(found).toBe(at === null ? null : Date.parse(at));
  });

  it('has a first day of 24 hours', () => {
    const onset = '2026-11-20T08:00:00Z';
    const at = (hours: number) => Date.parse(onset) + hours * HOUR;
    expect([0, 23.9, 24, 48].map((hours) => dayOfFever(onset, at(hours)))).toEqual([1, 1, 2, 3]);
    expect(dayOfFever(onset, at(-1))).toBeNull();
    expect(dayOfFever(null, at(0))).toBeNull();
  });
});

describe('the baseline of the haematocrit', () => {
  const before = makeReport({ id: 1, datetime: '2026-11-20T09:00:00Z', hematocrit: 36, temperature: 37 });
  const febrile = makeReport({ id: 2, datetime: '2026-11-20T10:00:00Z', hematocrit: 40, temperature: 39 });

  it('is what was typed, before anything else', () => {
    const typed = makePatient({ hematocrit_baseline: 42 });
    const told = [finding('haemoconcentration', { baseline: 39, baseline_from: 'first' })];
    expect(baselineOf(typed, [before, febrile], told)).toEqual({ value: 42, from: 'typed' });
  });

  it('is what the finding of the server names', () => {
    const told = [finding('haemoconcentration', { baseline: 39, baseline_from: 'while febrile' })];
    expect(baselineOf(patient, [before], told)).toEqual({ value: 39, from: 'while febrile' });
  });

  it('is the earliest while febrile, else the first, else not known', () => {
    expect(baselineOf(patient, [before, febrile], [])).toEqual({ value: 40, from: 'while febrile' });
    expect(baselineOf(patient, [before], [])).toEqual({ value: 36, from: 'first' });
    expect(baselineOf(patient, [], [])).toBeNull();
  });

  it('is what a value is compared with', () => {
    expect(riseOf(48, { value: 40, from: 'first' })).toBe(20);
    expect(riseOf(null, { value: 40, from: 'first' })).toBeNull();
    expect(riseOf(48, null)).toBeNull();
  });
});
