import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { effectScope, nextTick, shallowRef, type EffectScope } from 'vue';

import { HOLD_SECONDS, PAGE_SECONDS, useWallPages } from './useWallPages';

const PER_PAGE = 3;
const people = shallowRef<readonly number[]>([]);
let scope: EffectScope;
let pages: ReturnType<typeof useWallPages<number>>;

beforeEach(() => {
  vi.useFakeTimers();
  people.value = [1, 2, 3, 4, 5, 6, 7];
  scope = effectScope();
  pages = scope.run(() => useWallPages(people, PER_PAGE))!;
});
afterEach(() => {
  scope.stop();
  vi.useRealTimers();
});

const wait = (seconds: number) => vi.advanceTimersByTime(seconds * 1_000);

describe('the pages of the wall', () => {
  it('show everybody one after the other, and begin again', () => {
    const seen = [pages.shown.value];
    for (let turn = 0; turn < 3; turn += 1) {
      wait(PAGE_SECONDS);
      seen.push(pages.shown.value);
    }
    expect(seen).toEqual([[1, 2, 3], [4, 5, 6], [7], [1, 2, 3]]);
  });

  it('say how long the page still stands', () => {
    expect(pages.secondsLeft.value).toBe(PAGE_SECONDS);
    wait(PAGE_SECONDS - 1);
    expect([pages.page.value, pages.secondsLeft.value]).toEqual([0, 1]);
    wait(1);
    expect([pages.page.value, pages.secondsLeft.value]).toEqual([1, PAGE_SECONDS]);
  });

  it('stand still while they are held, but not for ever', () => {
    pages.hold(true);
    wait(HOLD_SECONDS - 1);
    pages.turnToOne((one) => one === 5);
    expect(pages.page.value).toBe(0);
    wait(1);
    expect([pages.page.value, pages.isHeld.value, pages.secondsLeft.value]).toEqual([1, false, PAGE_SECONDS]);
  });

  it('go on at once when nobody holds them any more', () => {
    pages.hold(true);
    pages.hold(false);
    wait(PAGE_SECONDS);
    expect(pages.page.value).toBe(1);
  });

  it('are turned by hand in both directions, which starts their time anew', () => {
    wait(PAGE_SECONDS - 1);
    pages.turn(-1);
    expect([pages.page.value, pages.secondsLeft.value]).toEqual([2, PAGE_SECONDS]);
    pages.turn(1);
    expect(pages.page.value).toBe(0);
  });

  it('turn to somebody who must be seen', () => {
    pages.turnToOne((one) => one === 5);
    expect(pages.page.value).toBe(1);
    pages.turnToOne((one) => one === 99);
    expect(pages.page.value).toBe(1);
  });

  it('do not stay on a page that is gone', async () => {
    pages.turn(-1);
    people.value = [1, 2];
    await nextTick();
    expect(pages.shown.value).toEqual([1, 2]);
  });

  it('have no clock where everybody fits', () => {
    people.value = [1, 2, 3];
    wait(5 * PAGE_SECONDS);
    expect([pages.page.value, pages.secondsLeft.value]).toEqual([0, PAGE_SECONDS]);
  });

  it('leave no timer behind', () => {
    scope.stop();
    expect(vi.getTimerCount()).toBe(0);
  });
});
