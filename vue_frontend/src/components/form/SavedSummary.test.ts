// @vitest-environment jsdom

import { mount } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import type { DueBecause, News2, Patient, Report } from '@/api/types';
import { speak } from '@/locales';
import { makeNews2, makePatient, makeReport } from '@/testing';
import SavedSummary from './SavedSummary.vue';

const AT = '2026-11-22T12:00:00Z';
const DUE = '2026-11-22T16:00:00Z';

beforeEach(() => {
  document.documentElement.dataset.timeZone = 'UTC';
  vi.useFakeTimers({ now: Date.parse(AT) });
  setActivePinia(createPinia());
});
afterEach(() => {
  vi.useRealTimers();
  delete document.documentElement.dataset.timeZone;
});

function shownWhy(
  because: unknown,
  { report = {}, dueAt = DUE }: { report?: Partial<Report>; dueAt?: string | null } = {},
) {
  const saved = makeReport({ datetime: AT, due_at: DUE, due_because: because as DueBecause, ...report });
  const patient = makePatient({
    last_report: { id: saved.id, datetime: AT, news2: saved.news2 },
    next_due_at: dueAt,
  });
  const why = mount(SavedSummary, { props: { report: saved, patient } }).find('[data-testid=saved-because]');
  return why.exists() ? why.text() : null;
}
const of = (code: string, values: Record<string, unknown> = {}) => ({
  code,
  values: { interval: 240, since: AT, ...values },
});

const CASES: [string, ReturnType<typeof of>, string][] = [
  ['first set', of('first_set', { interval: 15 }), 'Without a set the first is due after 15min.'],
  ['own interval', of('own_interval', { interval: 30 }), 'The set itself asks for the next after 30min.'],
  ['plan', of('plan', { interval: 60 }), "The doctor's plan asks for a set every 1hr."],
  ['interval', of('patient_interval', { interval: 120 }), 'The interval of this patient is 2hr.'],
  [
    'pathway',
    of('pathway', { interval: 60, pathway: 'news2', score: 5, risk: 'medium' }),
    'NEWS2 5, Medium: at least every 1hr.',
  ],
  [
    'dengue',
    of('pathway', { pathway: 'dengue', score: 1, risk: 'low' }),
    'The dengue pathway asks for a set every 4hr.',
  ],
  [
    'not scored',
    of('not_scored', { pathway: 'news2', not_scored_because: 'under_16' }),
    'Not scored: under 16. A set is due every 4hr.',
  ],
  [
    'fall',
    of('fall', { interval: 60, score: 0, score_before: 5, risk_before: 'medium' }),
    'NEWS2 was 5, Medium, in the set before: one better set does not lengthen the interval of 1hr.',
  ],
  [
    'after high',
    of('after_high', { score: 0, high_at: '2026-11-22T02:10:00Z' }),
    'NEWS2 was high at 22-Nov-2026 02:10: for 24 hours after that a set is due every 4hr.',
  ],
  [
    'incomplete',
    of('incomplete_set', { interval: 60, lower_bound: 5, risk: 'medium' }),
    'The set is incomplete: what it shows asks for the next after 1hr.',
  ],
  ['refused', of('refused_set', { interval: 60 }), 'The set could not be taken: it is due again after 1hr.'],
  [
    'scored again',
    of('scored_again'),
    'The sets were scored again after a correction of the record; the earlier time stays.',
  ],
  [
    'paused',
    { code: 'paused', values: { until: DUE } } as never,
    'Observations are paused until 22-Nov-2026 16:00.',
  ],
];

it.each(CASES)('says why the next set is due then: %s', (_, because, text) => {
  expect(shownWhy(because)).toBe(text);
});

const saved = (news2: Partial<News2>, patient: Partial<Patient> = {}) =>
  mount(SavedSummary, {
    props: {
      report: makeReport({ datetime: AT, due_at: null, news2: makeNews2(news2) }),
      patient: makePatient(patient),
    },
  });

it('says whom to tell, and names nobody where there is nobody to tell', () => {
  expect(saved({ score: 2, risk: 'low' }).find('[data-testid=saved-tell]').text()).toBe(
    'The registered nurse in charge of this patient',
  );
  const routine = saved({ score: 0, risk: 'low' });
  expect(routine.find('[data-testid=saved-response]').text()).toBe('Continue routine monitoring.');
  expect(routine.find('[data-testid=saved-tell]').exists()).toBe(false);
  expect(routine.text()).not.toContain('Tell');
});

it('advises nothing about who has left', () => {
  const late = saved({ score: 2, risk: 'low' }, { dismissal_date: AT });
  expect(late.find('[data-testid=saved-response]').exists()).toBe(false);
  expect(late.find('[data-testid=saved-tell]').exists()).toBe(false);
});

it('says why nothing is due', () => {
  const nothing = { report: { due_at: null }, dueAt: null };
  expect(shownWhy({ code: 'pathway_none', values: {} }, nothing)).toBe(
    'No pathway and no interval: nothing is due.',
  );
  expect(shownWhy({ code: 'discharged', values: {} }, nothing)).toBe('Discharged: nothing is due.');
});

it('names the set that decides where it is another one', () => {
  expect(shownWhy(of('plan', { interval: 60, since: '2026-11-22T15:00:00Z' }))).toBe(
    "The doctor's plan asks for a set every 1hr. Counted from 22-Nov-2026 15:00.",
  );
});

it.each([
  ['nothing known', null],
  ['not sent at all', undefined],
  ['a reason of a newer server', of('moon_phase')],
  ['an interval that is none', { code: 'plan', values: { interval: 'soon' } }],
  ['no time of the high score', { code: 'after_high', values: { interval: 240 } }],
  ['a risk of a newer server', of('pathway', { pathway: 'news2', score: 5, risk: 'extreme' })],
])('says nothing, and fails at nothing: %s', (_, because) => {
  expect(shownWhy(because)).toBeNull();
});

it('says nothing about a time that has moved since', () => {
  expect(shownWhy(of('plan'), { dueAt: '2026-11-22T13:00:00Z' })).toBeNull();
  // Written otherwise it is the same instant.
  expect(shownWhy(of('plan'), { dueAt: '2026-11-22T16:00:00.000Z' })).not.toBeNull();
});

it.each(['de', 'es'] as const)('says all of it in %s', async (language) => {
  await speak(language);
  for (const [, because, english] of CASES) {
    const text = shownWhy(because);
    expect(text).not.toBeNull();
    expect(text).not.toBe(english);
    expect(text).not.toMatch(/due\.|\{/);
  }
  await speak('en');
});
