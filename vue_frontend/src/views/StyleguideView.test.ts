// @vitest-environment jsdom

import { readdirSync } from 'node:fs';
import path from 'node:path';

import { mount, type VueWrapper } from '@vue/test-utils';
import axe from 'axe-core';
import { createPinia } from 'pinia';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import StyleguideView from './StyleguideView.vue';

const components = readdirSync(path.join(import.meta.dirname, '../components/base')).map((file) =>
  path.basename(file, '.vue'),
);

let page: VueWrapper;
beforeAll(() => {
  page = mount(StyleguideView, { attachTo: document.body, global: { plugins: [createPinia()] } });
});
afterAll(() => page.unmount());

describe.each(components)('the base component %s', (name) => {
  it('stands in the styleguide and has no fault that axe finds', async () => {
    const section = document.querySelector(`[data-component="${name}"]`);
    expect(section?.childElementCount).toBeGreaterThan(0);
    // Colours need a browser: the screens' own tests look at them.
    const rules = { 'color-contrast': { enabled: false } };
    const { violations } = await axe.run(section!, { rules });
    expect(violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join()}`)).toEqual([]);
  });
});

it('an open dialog has no fault that axe finds', async () => {
  await page.find('[data-testid=open-dialog]').trigger('click');
  const dialog = document.querySelector('[role=dialog]');
  expect(dialog).not.toBeNull();
  const { violations } = await axe.run(dialog!, { rules: { 'color-contrast': { enabled: false } } });
  expect(violations.map((one) => one.id)).toEqual([]);
});
