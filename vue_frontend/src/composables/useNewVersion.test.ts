// @vitest-environment jsdom

import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { mount } from '@vue/test-utils';
import { defineComponent } from 'vue';

import { http } from '@/api/http';
import { useLiveStore } from '@/stores/live';
import { FakeSocket, settle } from '@/testing';
import { scriptOf, useNewVersion } from './useNewVersion';

const page = (hash: string) => `<script src="/static/app/main.${hash}.js" defer></script>`;

async function reconnectTo(served: string): Promise<boolean> {
  document.head.innerHTML = page('aaaa');
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(served)));
  let isThere = { value: false };
  const wrapper = mount(defineComponent({ setup: () => ((isThere = useNewVersion().isThere), () => null) }));
  const live = useLiveStore();
  const fake = new FakeSocket();
  live.start(vi.fn(), () => fake);
  for (const event of [10, 10]) {
    fake.hello(event);
    const action = fake.sent.some((one) => one.payload.action === 'resume') ? 'resume' : 'list';
    if (action === 'resume') fake.answer(fake.take('resume'), 200, { last: event });
    else
      for (const stream of ['patients', 'notifications']) {
        fake.answer(fake.take('list', stream), 200, { count: 0, results: [] }, event);
        await settle();
      }
    await settle();
    if (action === 'list') fake.drop();
    await settle();
  }
  await settle();
  live.stop();
  wrapper.unmount();
  return isThere.value;
}

beforeEach(() => {
  setActivePinia(createPinia());
  vi.spyOn(http, 'get').mockResolvedValue({ pk: 1, username: 'nurse', permissions: [] });
});

describe('a new version', () => {
  it('is noticed after the server came back with other files', async () => {
    expect(await reconnectTo(page('bbbb'))).toBe(true);
  });

  it('is none while the files are the same, or the answer is no page of ours', async () => {
    expect(await reconnectTo(page('aaaa'))).toBe(false);
    expect(await reconnectTo('<h1>Maintenance</h1>')).toBe(false);
    expect(scriptOf('nothing')).toBeNull();
  });
});
