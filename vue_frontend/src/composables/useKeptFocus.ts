import { watch } from 'vue';

import type { ObservationForm } from './useObservationForm';

/**
 * "Checked, correct" and a reason why something was not measured are gone once they are pressed, and the focus with
 * them: the keyboard goes on from there, not from the top of the page.
 */
export function useKeptFocus(form: Pick<ObservationForm, 'draft' | 'warnings'>, goOn: () => void): void {
  const answers = () =>
    JSON.stringify([
      Object.entries(form.warnings.value).filter(([, warning]) => warning.isConfirmed),
      form.draft.not_measured,
    ]);
  watch(answers, () => document.activeElement === document.body && goOn(), { flush: 'post' });
}
