import { expect, it } from 'vitest';

import { emptyReason, reasonText } from './changeReasons';

const labelOf = (choice: string) => `<${choice}>`;

it.each([
  [emptyReason(), ''],
  [{ choice: null, text: ' the cuff slipped ' }, 'the cuff slipped'],
  [{ choice: 'typing', text: '' }, '<typing>'],
  [{ choice: 'patient', text: 'bed 4' }, '<patient>: bed 4'],
  [{ choice: 'other', text: '' }, ''],
  [{ choice: 'other', text: 'the cuff slipped' }, 'the cuff slipped'],
] as const)('of %o the record keeps "%s"', (reason, kept) => {
  expect(reasonText(reason, labelOf)).toBe(kept);
});
