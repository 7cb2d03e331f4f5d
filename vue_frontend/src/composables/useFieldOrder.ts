import { computed, nextTick, onBeforeUnmount, onMounted, shallowRef, type Ref } from 'vue';

import type { NumberField } from '@/api/types';
import { goesBack, handsOn, toPlain, type EntrySpec } from '@/domain/numberEntry';

/** The last thing that happened: a field handed on by itself. What is typed next may still belong to it. */
interface HandOn {
  from: HTMLInputElement;
  to: HTMLElement;
  /** As typed; the field itself shows it as it would be stored. */
  text: string;
}

const putCaretAtEnd = (field: HTMLInputElement) =>
  field.setSelectionRange(field.value.length, field.value.length);

/**
 * The way through a form's fields, in the order in which they stand: everything marked `data-stop`. Those marked
 * `data-field` take a number, and hand on by the rule in numberEntry.ts.
 *
 * Follows the page rather than a list, so that fields that appear (oxygen's flow) are on the way at once.
 */
export function useFieldOrder(
  root: Ref<HTMLElement | null>,
  finish: () => HTMLElement | undefined,
  specOf: (field: NumberField) => EntrySpec,
) {
  const current = shallowRef<HTMLInputElement | null>(null);
  const handOn = shallowRef<HandOn | null>(null);
  /** The pad stays while one of its digits could still go back. */
  const isNumber = computed(() => specAt(current.value) !== null || handOn.value !== null);

  function specAt(element: EventTarget | null): EntrySpec | null {
    const field = element instanceof HTMLInputElement ? element.dataset.field : undefined;
    return field === undefined ? null : specOf(field as NumberField);
  }

  function stops(): HTMLElement[] {
    const all = [...(root.value?.querySelectorAll<HTMLElement>('[data-stop]') ?? [])];
    // Of a group of radio buttons only one is a stop: the chosen one, else the first.
    return all.filter((stop) => {
      if (stop.closest('details:not([open])') !== null || stop.matches(':disabled')) return false;
      if (!(stop instanceof HTMLInputElement) || stop.type !== 'radio') return true;
      const group = stop.closest('fieldset');
      const chosen = group?.querySelector('input:checked') ?? group?.querySelector('input');
      return chosen === stop;
    });
  }

  function indexOf(from: EventTarget | null, list: HTMLElement[]): number {
    const origin = from instanceof HTMLElement ? from : current.value;
    if (origin === null) return -1;
    const group =
      origin instanceof HTMLInputElement && origin.type === 'radio' ? origin.closest('fieldset') : null;
    const index = list.findIndex(
      (stop) => stop === origin || (group !== null && stop.closest('fieldset') === group),
    );
    if (index !== -1) return index;
    // Not a stop itself: the one before it. Never to the first field, where what is typed next would overwrite.
    const before = list.filter(
      (stop) => (stop.compareDocumentPosition(origin) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0,
    );
    return before.length - 1;
  }

  const after = (from: EventTarget | null) => {
    const list = stops();
    return list[indexOf(from, list) + 1] ?? finish();
  };

  async function advance(from: EventTarget | null): Promise<void> {
    handOn.value = null;
    await nextTick();
    await enter(after(from));
  }

  async function goBack(from: EventTarget | null): Promise<void> {
    const list = stops();
    const target = handOn.value?.from ?? list[indexOf(from, list) - 1];
    handOn.value = null;
    await enter(target);
    // Not selected: the next press of the same key takes one digit away, not all.
    if (target instanceof HTMLInputElement && specAt(target) !== null) putCaretAtEnd(target);
  }

  async function enter(stop: HTMLElement | undefined): Promise<void> {
    if (stop === undefined) return;
    stop.focus();
    // The number pad may only just have come up, over the very field that was entered.
    await nextTick();
    const row = stop.closest('.row');
    row?.scrollIntoView({ block: 'nearest' });
    // A row may be higher than the room for it.
    if (row !== null) stop.scrollIntoView({ block: 'nearest' });
  }

  /** The first field that still lacks its value; its row says so. */
  const findMissing = () => stops().find((stop) => stop.closest('[data-missing]') !== null);

  async function focusFirst(): Promise<void> {
    await nextTick();
    const first = findMissing() ?? stops()[0];
    if (first !== undefined) await enter(first);
  }

  async function goOn(): Promise<void> {
    await nextTick();
    const missing = findMissing();
    if (missing !== undefined) await enter(missing);
    else finish()?.focus();
  }

  // ------------------------------------------------------------ handing on, and giving back
  async function handOnFrom(field: HTMLInputElement, spec: EntrySpec): Promise<void> {
    const text = field.value;
    await nextTick();
    const to = after(field);
    // Something else may have taken the focus, or the field what was typed next.
    if (to === undefined || document.activeElement !== field || field.value !== text) return;
    if (!handsOn(text, spec, specAt(to))) return;
    to.focus();
    // A save button that cannot be pressed takes no focus: the field has kept it, and the digits.
    if (document.activeElement !== to) return;
    handOn.value = { from: field, to, text };
    await enter(to);
  }

  function noteInput(event: Event): void {
    const field = event.target;
    const spec = specAt(field);
    if (!(field instanceof HTMLInputElement) || spec === null || !root.value?.contains(field)) return;
    handOn.value = null;
    // What was pasted is whole, and where the caret stands inside, what comes next is inserted there.
    const isOneKey = event instanceof InputEvent && event.data?.length === 1 && !event.isComposing;
    if (isOneKey && field.selectionStart === field.value.length) void handOnFrom(field, spec);
  }

  /** Put into a field what a key would: through its own input event. `data`: the key; null: taken away. */
  function write(field: HTMLInputElement, text: string, data: string | null): void {
    field.value = text;
    const inputType = data === null ? 'deleteContentBackward' : 'insertText';
    putCaretAtEnd(field);
    field.dispatchEvent(new InputEvent('input', { bubbles: true, data, inputType }));
  }

  /** What a key does right after handing on. Whether it was heeded here; else it is the next field's. */
  function pressAfterHandOn({ from, to, text }: HandOn, key: string): boolean {
    const spec = specAt(from);
    const isBack = key === 'Backspace';
    if (spec === null || !from.isConnected) return false;
    if (!isBack && !goesBack(key, text, spec, specAt(to))) return false;
    handOn.value = null;
    from.focus();
    write(from, isBack ? text.slice(0, -1) : text + key, isBack ? null : key);
    return true;
  }

  function noteKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const last = handOn.value;
    if (last !== null && event.target === last.to) {
      if (event.key === 'Shift') return;
      if (event.repeat) {
        // A key that is held down goes on in no other field than the one it was pressed in.
        if (event.key.length === 1 || event.key === 'Backspace') event.preventDefault();
        return;
      }
      const isSettled = event.key === 'Enter' && !(last.to instanceof HTMLButtonElement);
      if (isSettled || pressAfterHandOn(last, toPlain(event.key))) event.preventDefault();
      // After Enter, out of habit or to say that the number is whole, nothing goes back.
      if (isSettled) handOn.value = null;
      if (event.defaultPrevented) return;
      handOn.value = null;
    }
    const field = event.target;
    if (!(field instanceof HTMLInputElement) || specAt(field) === null) return;
    if (!root.value?.contains(field)) return;
    if (event.key === 'Enter') {
      event.preventDefault();
      void advance(field);
    } else if (event.key === 'Backspace' && field.value === '') {
      event.preventDefault();
      if (!event.repeat) void goBack(field);
    }
  }

  // ------------------------------------------------------------ focus and the pad
  let isPressed = false;

  function noteFocus(): void {
    const focused = document.activeElement;
    const field = focused instanceof HTMLInputElement && root.value?.contains(focused) ? focused : null;
    // A press takes the focus before it clicks. Were the number pad to go in between, the page would move under
    // the finger, and the click land beside what was pressed.
    if (isPressed && field?.dataset.field === undefined) return;
    current.value = field;
    if (focused !== handOn.value?.to) handOn.value = null;
  }

  const beginPress = () => (isPressed = true);

  /** After the handlers of the click, which may have moved the focus on already. */
  function endPress(): void {
    setTimeout(() => {
      isPressed = false;
      noteFocus();
    });
  }

  const listeners: [string, (event: never) => void, boolean][] = [
    ['focusin', noteFocus, true],
    ['pointerdown', beginPress, true],
    ['click', endPress, true],
    ['pointercancel', endPress, true],
    ['keydown', noteKey, true],
    // After the field's own listener, which says what it takes of what was typed.
    ['input', noteInput, false],
  ];
  onMounted(() => {
    for (const [name, heard, isFirst] of listeners)
      document.addEventListener(name, heard as EventListener, isFirst);
  });
  onBeforeUnmount(() => {
    for (const [name, heard, isFirst] of listeners)
      document.removeEventListener(name, heard as EventListener, isFirst);
  });

  /** Type a key of the pad into the current field, as a keyboard would. */
  function press(key: string): void {
    const last = handOn.value;
    if (last !== null) {
      if (pressAfterHandOn(last, key === 'delete' ? 'Backspace' : key) || specAt(last.to) === null) return;
      handOn.value = null;
    }
    const field = current.value;
    if (field === null) return;
    if (key === 'delete' && field.value === '') {
      void goBack(field);
      return;
    }
    const isSelected = field.selectionStart === 0 && field.selectionEnd === field.value.length;
    if (key === 'delete') write(field, isSelected ? '' : field.value.slice(0, -1), null);
    else write(field, (isSelected ? '' : field.value) + key, key);
  }

  /** The pad's "next": as Enter, which right after handing on only says that the number is whole. */
  function next(): void {
    if (handOn.value === null) void advance(null);
    else handOn.value = null;
  }

  return {
    current,
    isNumber,
    advance: (from: EventTarget | null) => void advance(from),
    next,
    /** To the field before. */
    back: () => void goBack(null),
    /** To the first field without a value, where typing overwrites nothing; else to the first of all. */
    focusFirst: () => void focusFirst(),
    /** To the first field without a value, else to the end. */
    goOn: () => void goOn(),
    finish: () => finish()?.focus(),
    press,
  };
}
