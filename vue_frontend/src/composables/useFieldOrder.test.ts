// @vitest-environment jsdom

import { mount } from '@vue/test-utils';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { defineComponent, h, nextTick, ref } from 'vue';

import { specOf } from '@/domain/observationDraft';
import { useFieldOrder } from './useFieldOrder';

let order: ReturnType<typeof useFieldOrder>;

const Form = defineComponent(() => {
  const root = ref<HTMLElement | null>(null);
  order = useFieldOrder(
    root,
    () => undefined,
    (field) => specOf(field, {}),
  );
  return () =>
    h('div', { ref: root }, [
      h('input', { id: 'pulse', 'data-stop': '', 'data-field': 'pulse' }),
      h('input', { id: 'alert', 'data-stop': '', type: 'radio' }),
      h('input', { id: 'temperature', 'data-stop': '', 'data-field': 'temperature' }),
    ]);
});

const find = (id: string) => document.getElementById(id) as HTMLInputElement;
const send = (id: string, name: string) => find(id).dispatchEvent(new Event(name, { bubbles: true }));

beforeEach(() => {
  vi.useFakeTimers();
  document.body.innerHTML = '';
  mount(Form, { attachTo: document.body });
  find('pulse').focus();
});

describe('the field that has the number pad', () => {
  it('gives it up to a choice that the keyboard went to', () => {
    expect(order.isNumber.value).toBe(true);
    find('alert').focus();
    expect(order.isNumber.value).toBe(false);
  });

  it('keeps it while a choice is being pressed, so that nothing moves under the finger', () => {
    send('alert', 'pointerdown');
    find('alert').focus();
    expect(order.isNumber.value).toBe(true);
    send('alert', 'click');
    vi.runAllTimers();
    expect(order.isNumber.value).toBe(false);
  });

  it('hands it on where the press leads to another number', () => {
    send('alert', 'pointerdown');
    find('alert').focus();
    send('alert', 'click');
    order.advance(find('alert'));
    find('temperature').focus();
    vi.runAllTimers();
    expect(order.current.value).toBe(find('temperature'));
  });

  it('gives it up after a press that became a scroll', () => {
    send('alert', 'pointerdown');
    find('alert').focus();
    send('alert', 'pointercancel');
    vi.runAllTimers();
    expect(order.isNumber.value).toBe(false);
  });
});

describe('the field to begin and to go on with', () => {
  const mark = (id: string) => {
    const row = document.createElement('div');
    row.dataset.missing = '';
    find(id).replaceWith(row);
    row.append(Object.assign(document.createElement('input'), { id: `${id}-missing` }));
    row.querySelector('input')!.dataset.stop = '';
  };

  it('is the first of all where none lacks its value', async () => {
    order.focusFirst();
    await nextTick();
    expect(document.activeElement).toBe(find('pulse'));
  });

  it('is the first that lacks its value, so that typing overwrites nothing', async () => {
    mark('temperature');
    order.focusFirst();
    await nextTick();
    expect(document.activeElement?.id).toBe('temperature-missing');
    find('pulse').focus();
    order.goOn();
    await nextTick();
    expect(document.activeElement?.id).toBe('temperature-missing');
  });
});
