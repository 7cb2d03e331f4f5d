// @vitest-environment jsdom

import { flushPromises, mount } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { http, HttpError } from '@/api/http';
import type { Plan } from '@/api/record';
import { useFormat } from '@/composables/useFormat';
import { makePatient, makeUser } from '@/testing';
import { useSessionStore } from '@/stores/session';
import PathwaySettings from './PathwaySettings.vue';
import PlanEditor from './PlanEditor.vue';

const AT = '2026-11-22T11:58:00Z';
const DARA = { id: 7, name: 'Dara Quinn' };

beforeEach(() => {
  setActivePinia(createPinia());
  useSessionStore().user = makeUser({ permissions: ['patients.change_plan'] });
});
afterEach(() => vi.restoreAllMocks());

const openSettings = () => mount(PathwaySettings, { props: { patient: makePatient({ version: 4 }) } });

it('asks why SpO2 scale 2 is chosen, and sends it with the change', async () => {
  const patch = vi.spyOn(http, 'patch').mockResolvedValue({});
  const settings = openSettings();
  expect(settings.find('[data-testid=scale-reason]').exists()).toBe(false);
  await settings.get('[data-testid=choice-spo2_scale-2]').setValue();
  await settings.get('form').trigger('submit');
  expect(patch).not.toHaveBeenCalled();
  expect(settings.text()).toContain('Say why.');
  await settings.get('[data-testid=scale-reason]').setValue(' Chronic hypercapnia ');
  await settings.get('form').trigger('submit');
  expect(patch.mock.calls[0]![1]).toEqual({
    spo2_scale: 2,
    history_change_reason: 'Chronic hypercapnia',
    version: 4,
  });
});

it('says who changed the patient first, and when', async () => {
  vi.spyOn(http, 'patch').mockRejectedValue(new HttpError(409, { ...makePatient({ version: 6 }) }));
  vi.spyOn(http, 'get').mockResolvedValue({
    results: [{ version: 6, history_date: AT, history_user: DARA }],
  });
  const settings = openSettings();
  await settings.get('[data-testid=choice-pathway-dengue]').setValue();
  await settings.get('form').trigger('submit');
  await flushPromises();
  expect(settings.text()).toContain(`Dara Quinn changed this patient at ${useFormat().dateTime(AT)}`);
});

it('says in the editor of a plan who began another one meanwhile, and when', async () => {
  const plan: Plan = {
    steps: [{ every: 60, for: null }],
    call_at: {},
    since: '2026-11-22T08:00:00Z',
    until: '2026-11-23T08:00:00Z',
    reason: 'watch',
    by: { id: 8, name: 'Somebody Else' },
    suppressed_count: 0,
  };
  const editor = mount(PlanEditor, { props: { patient: makePatient(), plan } });
  await editor.setProps({ plan: { ...plan, suppressed_count: 1 } });
  expect(editor.find('[data-testid=plan-meanwhile]').exists()).toBe(false);
  await editor.setProps({ plan: { ...plan, since: AT, by: DARA } });
  expect(editor.get('[data-testid=plan-meanwhile]').text()).toContain(
    `Dara Quinn began another plan at ${useFormat().dateTime(AT)}`,
  );
});
