// @vitest-environment jsdom

import { mount } from '@vue/test-utils';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { defineComponent, nextTick, ref } from 'vue';

import { SETTLE_MS, useAlertInView } from './useAlertInView';
import { LIMIT_MS, STILL_MS } from './useStillMoment';

function bar(first: number[] = []) {
  const waiting = ref<readonly number[]>(first);
  let view!: ReturnType<typeof useAlertInView>;
  const wrapper = mount(defineComponent({ setup: () => ((view = useAlertInView(waiting)), () => null) }));
  return { waiting, view, wrapper };
}

const press = () => dispatchEvent(new Event('pointerdown'));

beforeEach(() => {
  vi.useFakeTimers();
  vi.advanceTimersByTime(10 * LIMIT_MS);
});
afterEach(() => vi.useRealTimers());

describe('the alert in view', () => {
  it('comes at once where nobody touches the screen', async () => {
    const { waiting, view } = bar();
    waiting.value = [7];
    await nextTick();
    expect(view.inView.value).toBe(7);
  });

  it('waits until the hands are still, for it moves what is under them', async () => {
    const { waiting, view } = bar();
    press();
    waiting.value = [7];
    await nextTick();
    expect(view.inView.value).toBeNull();
    vi.advanceTimersByTime(STILL_MS + 200);
    expect(view.inView.value).toBe(7);
  });

  it('does not wait for ever', async () => {
    const { waiting, view } = bar();
    press();
    waiting.value = [7];
    await nextTick();
    for (let past = 0; past <= LIMIT_MS; past += 400) {
      press();
      vi.advanceTimersByTime(400);
    }
    expect(view.inView.value).toBe(7);
  });

  it('stays when something more urgent comes', async () => {
    const { waiting, view } = bar([7]);
    waiting.value = [9, 7];
    await nextTick();
    expect(view.inView.value).toBe(7);
  });

  it('gives its place to the next one at once, also under a moving hand', async () => {
    const { waiting, view } = bar([7, 8]);
    press();
    waiting.value = [8];
    await nextTick();
    expect(view.inView.value).toBe(8);
  });

  it('stays, and can be pressed, when it waits again before its room was given back', async () => {
    const { waiting, view } = bar([7]);
    vi.advanceTimersByTime(SETTLE_MS);
    press();
    waiting.value = [];
    await nextTick();
    waiting.value = [7];
    await nextTick();
    vi.advanceTimersByTime(STILL_MS + 200);
    expect([view.inView.value, view.isSettled.value]).toEqual([7, true]);
  });

  it('takes no press right after it changed: that one was meant for the one before', async () => {
    const { waiting, view } = bar([7, 8]);
    vi.advanceTimersByTime(SETTLE_MS);
    expect(view.isSettled.value).toBe(true);
    waiting.value = [8];
    await nextTick();
    expect([view.inView.value, view.isSettled.value]).toEqual([8, false]);
    vi.advanceTimersByTime(SETTLE_MS);
    expect(view.isSettled.value).toBe(true);
  });

  it('keeps its room under a moving hand when somebody else acknowledged it', async () => {
    const { waiting, view } = bar([7]);
    press();
    waiting.value = [];
    await nextTick();
    expect(view.inView.value).toBe(7);
    vi.advanceTimersByTime(STILL_MS + 200);
    expect(view.inView.value).toBeNull();
  });

  it('goes at once when the person sent it away', async () => {
    const { waiting, view } = bar([7]);
    press();
    waiting.value = [];
    view.moveOn();
    await nextTick();
    expect(view.inView.value).toBeNull();
  });
});
