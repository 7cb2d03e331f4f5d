// @vitest-environment jsdom

import { mount } from '@vue/test-utils';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { defineComponent, h } from 'vue';

import { useScanner } from './useScanner';

const read = vi.fn<(number: string) => void>();
const pressed = vi.fn<() => void>();
let at = 1000;
let page: ReturnType<typeof mount>;

beforeEach(() => {
  vi.useFakeTimers();
  read.mockReset();
  pressed.mockReset();
  const Page = defineComponent(() => {
    useScanner(() => true, read);
    return () => [
      h('button', { onClick: pressed }),
      h('input', { type: 'checkbox', onClick: pressed }),
      h('details', [h('summary', { onClick: pressed })]),
    ];
  });
  page = mount(Page, { attachTo: document.body });
});
afterEach(() => {
  page.unmount();
  vi.useRealTimers();
});

/** A key goes down or up, `gap` ms after what was before; the answer: whether the browser may do what it does then. */
function key(type: 'keydown' | 'keyup', name: string, gap = 0, isRepeat = false): boolean {
  at += gap;
  vi.advanceTimersByTime(gap);
  const event = new KeyboardEvent(type, { key: name, repeat: isRepeat, bubbles: true, cancelable: true });
  Object.defineProperty(event, 'timeStamp', { value: at });
  return document.activeElement!.dispatchEvent(event);
}

function focus(selector: string): void {
  page.find<HTMLElement>(selector).element.focus();
}

it.each(['button', 'input', 'summary'])('presses a %s by a space that a hand lets go, once', (selector) => {
  if (selector === 'summary') page.find<HTMLElement>(selector).element.tabIndex = 0;
  focus(selector);
  // The browser would press it at once.
  expect(key('keydown', ' ')).toBe(false);
  expect(key('keyup', ' ', 60)).toBe(false);
  vi.advanceTimersByTime(100);
  expect(pressed).toHaveBeenCalledOnce();
});

it('presses it once by a space that is held down', () => {
  focus('button');
  key('keydown', ' ');
  expect(key('keydown', ' ', 500, true)).toBe(false);
  expect(key('keydown', ' ', 30, true)).toBe(false);
  key('keyup', ' ', 10);
  vi.advanceTimersByTime(100);
  expect(pressed).toHaveBeenCalledOnce();
});

it('presses nothing by a scan that begins with a space', async () => {
  focus('button');
  for (const one of ' AC0014') {
    key('keydown', one, 5);
    key('keyup', one, 2);
  }
  key('keydown', 'Enter', 5);
  await vi.advanceTimersByTimeAsync(500);
  expect(pressed).not.toHaveBeenCalled();
  expect(read).toHaveBeenCalledExactlyOnceWith('AC0014');
});

it('leaves a space to the page where it presses nothing', () => {
  (document.activeElement as HTMLElement | null)?.blur();
  expect(key('keydown', ' ')).toBe(true);
});
