import { describe, expect, it } from 'vitest';

import type { Plan } from '@/api/record';
import { emptyPlan, planBody, planDraftOf, planProblems } from './planDraft';

const UNTIL = Date.parse('2026-11-23T08:00:00Z');
const plan: Plan = {
  steps: [
    { every: 15, for: 120 },
    { every: 60, for: null },
  ],
  call_at: { score: 5, pulse: { above: 130 }, o2sat: { below: 88 } },
  suppressed_count: 0,
  since: '2026-11-22T08:00:00Z',
  until: '2026-11-23T08:00:00Z',
  reason: 'after theatre',
  by: { id: 1, name: 'Dora Doctor' },
};

function drafted(change: (draft: ReturnType<typeof emptyPlan>) => void) {
  const draft = planDraftOf(plan);
  change(draft);
  return draft;
}

describe('a plan', () => {
  it('that is only read and saved again is the same', () => {
    expect(planProblems(planDraftOf(plan))).toEqual({});
    const { steps, call_at, reason } = plan;
    expect(planBody(planDraftOf(plan), UNTIL)).toEqual({
      steps,
      call_at,
      reason,
      until: '2026-11-23T08:00:00.000Z',
    });
  });

  it('needs a reason, and a new one has none', () => {
    expect(planProblems(emptyPlan())).toEqual({ reason: 'reasonMissing' });
  });

  it.each([
    ['4', 'wholeMinutes'],
    ['5', undefined],
    ['1440', undefined],
    ['1441', 'wholeMinutes'],
    ['7.5', 'wholeMinutes'],
    ['', 'wholeMinutes'],
  ])('takes an interval of %s minutes: %s', (every, problem) => {
    expect(planProblems(drafted((draft) => (draft.steps[0]!.every = every)))['every.0']).toBe(problem);
  });

  it('has an end to every step but the last', () => {
    const open = drafted((draft) => (draft.steps[0]!.hours = ''));
    expect(planProblems(open)).toEqual({ 'for.0': 'wholeHours' });
    expect(planProblems(drafted((draft) => (draft.steps[1]!.hours = '0')))).toEqual({
      'for.1': 'wholeHours',
    });
  });

  it.each([
    ['0', 'scoreRange'],
    ['1', undefined],
    ['20', undefined],
    ['21', 'scoreRange'],
  ])('calls at a total of %s: %s', (score, problem) => {
    expect(planProblems(drafted((draft) => (draft.score = score))).score).toBe(problem);
  });

  it('leaves out limits that were left empty, and keeps a 0', () => {
    const draft = drafted((one) => {
      one.score = '';
      one.limits.pulse = { below: '0', above: '' };
      one.limits.o2sat = { below: '', above: '' };
    });
    expect(planBody(draft, UNTIL).call_at).toEqual({ pulse: { below: 0 } });
  });
});
