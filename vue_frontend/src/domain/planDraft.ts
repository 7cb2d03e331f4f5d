/** A monitoring plan while it is being written: what was typed, what is wrong with it, what is sent. Pure. */

import { CALL_FIELDS, type CallAt, type CallField, type CallLimits, type Plan } from '@/api/record';

export interface StepDraft {
  /** Minutes, as typed. */
  every: string;
  /** Hours, as typed; of the last step it may be empty: to the end. */
  hours: string;
}

export interface PlanDraft {
  steps: StepDraft[];
  score: string;
  limits: Record<CallField, { below: string; above: string }>;
  reason: string;
}

export function emptyPlan(): PlanDraft {
  return {
    steps: [{ every: '60', hours: '' }],
    score: '',
    limits: Object.fromEntries(CALL_FIELDS.map((field) => [field, { below: '', above: '' }])) as never,
    reason: '',
  };
}

const text = (value: number | null | undefined) =>
  value === null || value === undefined ? '' : String(value);

export function planDraftOf(plan: Plan): PlanDraft {
  const draft = emptyPlan();
  draft.steps = plan.steps.map((step) => ({
    every: String(step.every),
    hours: step.for === null ? '' : String(step.for / 60),
  }));
  draft.score = text(plan.call_at.score);
  for (const field of CALL_FIELDS) {
    draft.limits[field] = {
      below: text(plan.call_at[field]?.below),
      above: text(plan.call_at[field]?.above),
    };
  }
  draft.reason = plan.reason;
  return draft;
}

const number = (typed: string) => (/^\d+(\.\d+)?$/.test(typed.trim()) ? Number(typed) : null);

export type PlanProblem = 'wholeMinutes' | 'wholeHours' | 'scoreRange' | 'limitWrong' | 'reasonMissing';

/** What is wrong, by place: every.0, for.0, score, below.pulse, above.pulse, reason. The server judges again. */
export function planProblems(draft: PlanDraft): Record<string, PlanProblem> {
  const problems: Record<string, PlanProblem> = {};
  draft.steps.forEach((step, index) => {
    const every = number(step.every);
    if (every === null || !Number.isInteger(every) || every < 5 || every > 1440) {
      problems[`every.${index}`] = 'wholeMinutes';
    }
    const isOpen = step.hours.trim() === '' && index === draft.steps.length - 1;
    const hours = number(step.hours);
    if (!isOpen && (hours === null || hours <= 0 || !Number.isInteger(hours * 60))) {
      problems[`for.${index}`] = 'wholeHours';
    }
  });
  const score = number(draft.score);
  const isScore = score !== null && Number.isInteger(score) && score >= 1 && score <= 20;
  if (draft.score.trim() !== '' && !isScore) problems.score = 'scoreRange';
  for (const field of CALL_FIELDS) {
    for (const side of ['below', 'above'] as const) {
      const typed = draft.limits[field][side].trim();
      if (typed !== '' && number(typed) === null) problems[`${side}.${field}`] = 'limitWrong';
    }
  }
  if (draft.reason.trim() === '') problems.reason = 'reasonMissing';
  return problems;
}

/** The body of the PUT; only where there are no problems. `until` in ms. */
export function planBody(draft: PlanDraft, until: number) {
  const callAt: CallAt = {};
  const score = number(draft.score);
  if (score !== null) callAt.score = score;
  for (const field of CALL_FIELDS) {
    const limits: CallLimits = {};
    for (const side of ['below', 'above'] as const) {
      const value = number(draft.limits[field][side]);
      if (value !== null) limits[side] = value;
    }
    if (Object.keys(limits).length > 0) callAt[field] = limits;
  }
  return {
    steps: draft.steps.map((step) => {
      const hours = number(step.hours);
      return { every: Number(step.every), for: hours === null ? null : hours * 60 };
    }),
    call_at: callAt,
    until: new Date(until).toISOString(),
    reason: draft.reason.trim(),
  };
}
