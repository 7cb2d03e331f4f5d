// @vitest-environment jsdom

import { mount } from '@vue/test-utils';
import { expect, it } from 'vitest';

import ReasonDialog from './ReasonDialog.vue';

function open() {
  const stubs = { AppDialog: { template: '<div><slot /><slot name="actions" /></div>' } };
  const texts = { title: 't', text: 't', confirm: 'Go', patient: 'TEST, Ada', message: null, isBusy: false };
  return mount(ReasonDialog, { props: { ...texts, open: true }, global: { stubs } });
}
const by = (dialog: ReturnType<typeof open>, id: string) => dialog.get(`[data-testid=${id}]`);

it('takes a choice alone, or words beside it', async () => {
  const dialog = open();
  await by(dialog, 'choice-reason-choice-patient').setValue();
  await by(dialog, 'reason-confirm').trigger('click');
  await by(dialog, 'reason').setValue('bed 4');
  await by(dialog, 'reason-confirm').trigger('click');
  expect(dialog.emitted('confirm')).toEqual([['Wrong patient'], ['Wrong patient: bed 4']]);
});

it('asks for words where nothing was chosen, or something else', async () => {
  const dialog = open();
  await by(dialog, 'reason-confirm').trigger('click');
  await by(dialog, 'choice-reason-choice-other').setValue();
  await by(dialog, 'reason-confirm').trigger('click');
  expect(dialog.emitted('confirm')).toBeUndefined();
  expect(dialog.text()).toContain('needs a reason');
});
