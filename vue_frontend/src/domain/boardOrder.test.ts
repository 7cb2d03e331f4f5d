import { describe, expect, it } from 'vitest';

import type { Patient, Severity } from '@/api/types';
import { makeNews2, makePatient } from '@/testing';
import * as board from './boardOrder';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const minutes = (count: number) => new Date(NOW + count * 60_000).toISOString();
const scored = (score: number, risk: 'low' | 'low-medium' | 'medium' | 'high') => ({
  id: 5,
  datetime: minutes(-60),
  score,
  risk,
  spo2_scale: 1 as const,
});

function inOrder(patients: Patient[], besideScore: Record<number, Severity> = {}): number[] {
  const found = new Map(Object.entries(besideScore).map(([id, severity]) => [Number(id), severity]));
  return patients.sort((a, b) => board.compareByAttention(a, b, found)).map((one) => one.id);
}

describe('the order of the board', () => {
  it('puts the sickest first, then the longest overdue, then the soonest due', () => {
    const patients = [
      makePatient({ id: 1, current_risk: 'low', next_due_at: minutes(30) }),
      makePatient({ id: 2, current_risk: 'low-medium', next_due_at: minutes(5) }),
      makePatient({ id: 3, current_risk: 'high', last_scored: scored(7, 'high') }),
      makePatient({ id: 4, current_risk: 'low', next_due_at: minutes(-40) }),
      makePatient({ id: 5, current_risk: 'medium' }),
      makePatient({ id: 6, current_risk: 'high', last_scored: scored(9, 'high') }),
      makePatient({ id: 7, current_risk: null, next_due_at: null }),
    ];
    expect(inOrder(patients)).toEqual([6, 3, 5, 2, 4, 1, 7]);
  });

  it('puts whom a rule beside the score found ill among the sick, whatever the score', () => {
    const patients = [
      makePatient({ id: 1, current_risk: 'low', next_due_at: minutes(-40) }),
      makePatient({ id: 2, current_risk: 'high', last_scored: scored(7, 'high') }),
      makePatient({ id: 3, current_risk: 'medium', last_scored: scored(5, 'medium') }),
      makePatient({ id: 4, current_risk: null }),
      makePatient({ id: 5, current_risk: 'low', last_scored: scored(2, 'low') }),
      makePatient({ id: 6, current_risk: 'high', last_scored: scored(9, 'high') }),
    ];
    const found = { 4: 'high', 5: 'medium', 6: 'medium' } as const;
    expect(inOrder(patients, found)).toEqual([6, 2, 4, 3, 5, 1]);
  });

  it('counts beds as people do', () => {
    const beds = ['10', '9', 'A2', 'A10', '1'].map((bed, id) => makePatient({ id, bed }));
    expect(beds.sort(board.compareByBed).map((one) => one.bed)).toEqual(['1', '9', '10', 'A2', 'A10']);
  });
});

describe('the score on the board', () => {
  const partial = makeNews2({ score: null, complete: false, lower_bound: 6, risk: 'medium' });

  it('is the last complete set', () => {
    const patient = makePatient({ last_scored: scored(2, 'low'), current_risk: 'low' });
    expect(board.scoreOfPatient(patient)).toMatchObject({ value: 2, level: 'low', isLowerBound: false });
    expect(board.olderScoreAt(patient)).toBeNull();
  });

  it('is a newer incomplete set where that is worse', () => {
    const patient = makePatient({
      last_scored: scored(2, 'low'),
      last_report: { id: 6, datetime: minutes(-5), news2: partial },
      current_risk: 'medium',
    });
    expect(board.scoreOfPatient(patient)).toMatchObject({ value: 6, level: 'medium', isLowerBound: true });
  });

  it('never gets better by an incomplete set, and names its own time then', () => {
    const patient = makePatient({
      last_scored: scored(8, 'high'),
      last_report: { id: 6, datetime: minutes(-5), news2: partial },
      current_risk: 'high',
    });
    expect(board.lastSetAt(patient)).toBe(minutes(-5));
    expect(board.olderScoreAt(patient)).toBe(minutes(-60));
    expect(board.scoreOfPatient(patient)).toMatchObject({ value: 8, level: 'high', isLowerBound: false });
  });

  it('of 0 is shown as 0, and no set as none', () => {
    const zero = makePatient({ last_scored: scored(0, 'low'), current_risk: 'low' });
    expect(board.scoreOfPatient(zero)).toMatchObject({ value: 0, level: 'none' });
    expect(board.scoreOfPatient(makePatient())).toMatchObject({ value: null, level: 'unscored' });
  });

  it('shows no "at least 0"', () => {
    const news2 = makeNews2({ score: null, complete: false, lower_bound: 0, risk: 'low' });
    expect(board.scoreOfSet(news2, null)).toMatchObject({ value: null, risk: null, level: 'unscored' });
  });
});

describe('the due time', () => {
  it.each([
    [16, 'later'],
    [15, 'soon'],
    [0, 'now'],
    [-0.5, 'now'],
    [-1, 'overdue'],
  ] as const)('in %d minutes is %s', (count, state) => {
    expect(board.dueState(minutes(count), NOW)).toBe(state);
  });

  it('does not become overdue by a change of date', () => {
    const midnight = Date.parse('2026-11-23T00:03:00Z');
    expect(board.dueState('2026-11-23T03:42:00Z', midnight)).toBe('later');
  });
});

describe('search and names', () => {
  it('finds by parts of name, bed and number, without accents', () => {
    const patient = makePatient({ last_name: 'Núñez', first_name: 'Íñigo', bed: 'B4' });
    expect(board.matchesSearch(patient, 'nunez b4')).toBe(true);
    expect(board.matchesSearch(patient, 'T0001')).toBe(true);
    expect(board.matchesSearch(patient, 'nunez b5')).toBe(false);
  });

  it('marks patients who share a family name', () => {
    const names = ['Smith', 'SMITH', 'Jones'].map((last_name, id) => makePatient({ id, last_name }));
    expect([...board.sameNameIds(names)]).toEqual([0, 1]);
  });
});

describe('whose set is due next', () => {
  const at = (id: number, next_due_at: string | null, bed = String(id)) =>
    makePatient({ id, bed, next_due_at });

  it('is the one due first, and of two at once the one in the first bed', () => {
    const round = [
      at(1, '2026-11-22T09:00:00Z', '20'),
      at(2, '2026-11-22T12:00:00Z', '10'),
      at(3, '2026-11-22T12:00:00.000Z', '9'),
      at(4, null),
    ];
    expect(board.nextDue(round, 99)?.id).toBe(1);
    expect(board.nextDue(round, 1)?.id).toBe(3);
  });

  it('is nobody where nothing is due', () => {
    expect(board.nextDue([at(1, '2026-11-22T09:00:00Z'), at(2, null)], 1)).toBeUndefined();
  });
});
