import { describe, expect, it } from 'vitest';

import {
  alertBar,
  isForScreen,
  isStillHidden,
  UNANSWERED_MS,
  type AlertScreen,
  type WaitingAlert,
} from './alertBar';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const alert = (id: number, ward: string, age = 5_000): WaitingAlert => ({
  id,
  patient: 100 + id,
  ward,
  raisedAt: NOW - age,
});
const screen = (change: Partial<AlertScreen> = {}): AlertScreen => ({
  ward: '7A',
  patient: null,
  form: null,
  isJustOpened: false,
  ...change,
});
const OWN = alert(1, '7A');
const OTHER = alert(2, '7B');
const NOWHERE = alert(3, '');

describe('on a screen that has chosen a ward', () => {
  it('stands in full what is of that ward, as a strip what is of another', () => {
    expect(alertBar([OWN, OTHER], screen(), NOW)).toEqual({
      full: [1],
      strip: { count: 1, oldestAt: OTHER.raisedAt, wards: ['7B'] },
      summary: null,
    });
  });

  it('stands in full after two minutes whatever the ward, and not a moment before', () => {
    const at = (age: number) => alertBar([alert(2, '7B', age)], screen(), NOW);
    expect(at(UNANSWERED_MS - 1).full).toEqual([]);
    expect(at(UNANSWERED_MS)).toEqual({ full: [2], strip: null, summary: null });
  });

  it('stands in full who is on no ward: nobody else would show them', () => {
    expect(alertBar([NOWHERE], screen(), NOW).full).toEqual([3]);
  });

  it('stands in full the patient whose page is open', () => {
    expect(alertBar([OTHER], screen({ patient: OTHER.patient }), NOW).full).toEqual([2]);
    expect(alertBar([OTHER], screen({ patient: OWN.patient }), NOW).full).toEqual([]);
  });

  it('goes by the ward that a patient is on now', () => {
    expect(alertBar([{ ...OTHER, ward: '7A' }], screen(), NOW).full).toEqual([2]);
    expect(alertBar([{ ...OWN, ward: '7B' }], screen(), NOW).strip?.wards).toEqual(['7B']);
  });

  it('is empty when nothing waits', () => {
    expect(alertBar([], screen({ isJustOpened: true }), NOW)).toEqual({
      full: [],
      strip: null,
      summary: null,
    });
  });
});

it('shows all on a screen that has chosen no ward', () => {
  expect(alertBar([OWN, OTHER, NOWHERE], screen({ ward: '' }), NOW).full).toEqual([1, 2, 3]);
});

describe('inside a form', () => {
  const LATE = alert(4, '7A', UNANSWERED_MS * 5);

  it('names nobody but the patient of the form, also after two minutes and of its ward', () => {
    const form = { patient: OWN.patient };
    expect(alertBar([LATE, OWN, OTHER, NOWHERE], screen({ form }), NOW)).toEqual({
      full: [1],
      strip: { count: 3, oldestAt: LATE.raisedAt, wards: ['7A', '7B'] },
      summary: null,
    });
  });

  it('names nobody while a patient is being admitted', () => {
    expect(alertBar([OWN], screen({ form: { patient: null } }), NOW).full).toEqual([]);
  });

  it('holds on a screen without a ward too', () => {
    expect(alertBar([OWN], screen({ ward: '', form: { patient: 9 } }), NOW).full).toEqual([]);
  });
});

it('says at opening how many are open and since when, the strip apart', () => {
  const older = alert(5, '7A', 14 * 60_000);
  expect(alertBar([OWN, older, OTHER], screen({ isJustOpened: true }), NOW)).toEqual({
    full: [1, 5],
    strip: { count: 1, oldestAt: OTHER.raisedAt, wards: ['7B'] },
    summary: { count: 2, oldestAt: older.raisedAt, wards: ['7A'] },
  });
});

it('sounds for what the screen answers for, in a form as well', () => {
  expect([OWN, OTHER, NOWHERE].map((one) => isForScreen(one, screen(), NOW))).toEqual([true, false, true]);
  expect(isForScreen({ ...OTHER, raisedAt: NOW - UNANSWERED_MS }, screen(), NOW)).toBe(true);
});

it('comes back after two minutes where it was hidden before', () => {
  const hidden = { raisedAt: NOW, hiddenAt: NOW + 5_000 };
  expect(isStillHidden(hidden, NOW + UNANSWERED_MS - 1)).toBe(true);
  expect(isStillHidden(hidden, NOW + UNANSWERED_MS)).toBe(false);
  // Whoever hides it after that has seen that nobody came.
  expect(isStillHidden({ ...hidden, hiddenAt: NOW + UNANSWERED_MS }, NOW + 10 * UNANSWERED_MS)).toBe(true);
});

it('names wards in their order, each once', () => {
  const wards = ['10B', '2A', '10B'].map((ward, index) => alert(index + 1, ward));
  expect(alertBar(wards, screen(), NOW).strip?.wards).toEqual(['2A', '10B']);
  // As the server does, by the folded key, whatever a language's own order says.
  const marked = ['7_A', '7-A'].map((ward, index) => alert(index + 1, ward));
  expect(alertBar(marked, screen(), NOW).strip?.wards).toEqual(['7-A', '7_A']);
});
