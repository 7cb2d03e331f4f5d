/** Why a record was changed: one of a few choices, with words beside it. Pure. */

export const REASON_CHOICES = ['typing', 'time', 'patient', 'again', 'other'] as const;
export type ReasonChoice = (typeof REASON_CHOICES)[number];

export interface ChangeReason {
  choice: ReasonChoice | null;
  text: string;
}

export const emptyReason = (): ChangeReason => ({ choice: null, text: '' });

/** What the record keeps, "" where nothing was said yet: the choice in words, and what was typed. */
export function reasonText(reason: ChangeReason, labelOf: (choice: ReasonChoice) => string): string {
  const text = reason.text.trim();
  if (reason.choice === null || reason.choice === 'other') return text;
  return text === '' ? labelOf(reason.choice) : `${labelOf(reason.choice)}: ${text}`;
}
