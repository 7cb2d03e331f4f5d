import { computed, nextTick, onBeforeUnmount, onMounted, shallowRef, type Ref } from 'vue';

/**
 * The way through a form's fields, in the order in which they stand: everything marked `data-stop`.
 *
 * Follows the page rather than a list, so that fields that appear (oxygen's flow) are on the way at once.
 */
export function useFieldOrder(root: Ref<HTMLElement | null>, finish: () => HTMLElement | undefined) {
  const current = shallowRef<HTMLInputElement | null>(null);
  const isNumber = computed(() => current.value?.dataset.field !== undefined);

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
    return list.findLastIndex(
      (stop) => (stop.compareDocumentPosition(origin) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0,
    );
  }

  async function move(from: EventTarget | null, step: 1 | -1): Promise<void> {
    await nextTick();
    const list = stops();
    const index = indexOf(from, list);
    const target = list[index + step];
    if (target !== undefined) await enter(target);
    else if (step === 1) finish()?.focus();
  }

  async function enter(stop: HTMLElement): Promise<void> {
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

  let isPressed = false;

  function noteFocus(): void {
    const focused = document.activeElement;
    const field = focused instanceof HTMLInputElement && root.value?.contains(focused) ? focused : null;
    // A press takes the focus before it clicks. Were the number pad to go in between, the page would move under
    // the finger, and the click land beside what was pressed.
    if (isPressed && field?.dataset.field === undefined) return;
    current.value = field;
  }

  const beginPress = () => (isPressed = true);

  /** After the handlers of the click, which may have moved the focus on already. */
  function endPress(): void {
    setTimeout(() => {
      isPressed = false;
      noteFocus();
    });
  }

  const listeners = {
    focusin: noteFocus,
    pointerdown: beginPress,
    click: endPress,
    pointercancel: endPress,
  };
  onMounted(() => {
    for (const [name, heard] of Object.entries(listeners)) document.addEventListener(name, heard, true);
  });
  onBeforeUnmount(() => {
    for (const [name, heard] of Object.entries(listeners)) document.removeEventListener(name, heard, true);
  });

  /** Type a key of the pad into the current field, as a keyboard would: through the field's own input event. */
  function press(key: string): void {
    const field = current.value;
    if (field === null) return;
    if (key === 'delete' && field.value === '') {
      void move(field, -1);
      return;
    }
    const isSelected = field.selectionStart === 0 && field.selectionEnd === field.value.length;
    if (key === 'delete') field.value = isSelected ? '' : field.value.slice(0, -1);
    else field.value = (isSelected ? '' : field.value) + key;
    field.dispatchEvent(new InputEvent('input', { bubbles: true, data: key === 'delete' ? null : key }));
    field.setSelectionRange(field.value.length, field.value.length);
  }

  return {
    current,
    isNumber,
    advance: (from: EventTarget | null) => void move(from, 1),
    goBack: (from: EventTarget | null) => void move(from, -1),
    /** To the first field without a value, where typing overwrites nothing; else to the first of all. */
    focusFirst: () => void focusFirst(),
    /** To the first field without a value, else to the end. */
    goOn: () => void goOn(),
    finish: () => finish()?.focus(),
    press,
  };
}
