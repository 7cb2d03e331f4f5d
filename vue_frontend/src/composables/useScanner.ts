import { nextTick, onBeforeUnmount, onMounted } from 'vue';

import { hearKey, PAUSE, type Burst } from '@/domain/scanner';

/**
 * What the keys of the burst under way did, so that it can be taken back. A scan is known as one at its fifth key; the
 * four before went where the focus was.
 */
let undoing: (() => void)[] = [];

/** For what a letter triggers beside typing it: how that is taken back, should it have been a scanner's. */
export function undoWhenScanned(undo: () => void): void {
  undoing.push(undo);
}

type TextField = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;
const TEXT_FIELDS = 'input:not([type=radio], [type=checkbox], [type=file]), textarea, select';

const isTextField = (element: EventTarget | null): element is HTMLElement =>
  element instanceof HTMLElement && element.matches(TEXT_FIELDS);
/** What a space presses when it is let go. */
const PRESSED_BY_SPACE = 'button, summary, [type=radio], [type=checkbox], [type=file]';
const isPassword = (element: EventTarget | null) =>
  element instanceof HTMLInputElement && element.type === 'password';

/** How to put every field of the page, and the focus, back to what they are now. */
function rememberPage(): () => void {
  const focused = document.activeElement;
  const values = new Map<TextField, string>();
  for (const field of document.querySelectorAll<TextField>(TEXT_FIELDS)) {
    if (!isPassword(field)) values.set(field, field.value);
  }
  const selection =
    focused instanceof HTMLInputElement || focused instanceof HTMLTextAreaElement
      ? ([focused.selectionStart, focused.selectionEnd] as const)
      : null;

  return () => {
    for (const [field, value] of values) {
      if (field.value === value) continue;
      field.value = value;
      const isSelect = field instanceof HTMLSelectElement;
      field.dispatchEvent(
        isSelect
          ? new Event('change', { bubbles: true })
          : new InputEvent('input', { bubbles: true, inputType: 'historyUndo' }),
      );
    }
    if (!(focused instanceof HTMLElement) || focused === document.body) {
      (document.activeElement as HTMLElement | null)?.blur();
      return;
    }
    focused.focus();
    // Null for kinds of field that have no selection.
    if (selection !== null && selection[0] !== null) {
      (focused as HTMLInputElement).setSelectionRange(...selection);
    }
  };
}

/**
 * Hears a scanner wherever the focus is: what it typed is taken back, and its Enter presses nothing.
 *
 * `read` gets the number. A field marked `data-takes-scan` is given it instead. Passwords are left alone: tokens that
 * type them are as fast, and what they type is shown nowhere.
 */
export function useScanner(isOn: () => boolean, read: (number: string) => void): void {
  let burst: Burst | null = null;
  let takesScan: HTMLInputElement | null = null;
  let pause: ReturnType<typeof setTimeout> | undefined;
  /** A space that may be a hand's or the first key of a scan is held back on this, until no other key has followed. */
  let heldBack: HTMLElement | null = null;

  const swallow = (event: Event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
  };

  function end(number: string): void {
    clearTimeout(pause);
    if (number.trim() === '') return;
    const field = takesScan;
    // What was taken back may still be on its way (a search in the address): first that, then what the scan asks for.
    pause = setTimeout(() => {
      if (field === null || !field.isConnected) {
        read(number.trim());
        return;
      }
      field.value = number.trim();
      field.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'insertReplacementText' }));
    });
  }

  function takeBack(): void {
    for (const undo of undoing.reverse()) undo();
    undoing = [];
    const focused = document.activeElement;
    takesScan =
      focused instanceof HTMLInputElement && focused.dataset.takesScan !== undefined ? focused : null;
  }

  function holdBack(event: KeyboardEvent): void {
    const { target } = event;
    if (event.key !== ' ' || !(target instanceof HTMLElement) || !target.matches(PRESSED_BY_SPACE)) return;
    event.preventDefault();
    heldBack = target;
  }

  /**
   * The space was let go: press what it is held back on, once the next key of a scan would have been heard. Longer than
   * the gap by the keys' own clock: a page or a machine that is busy hears it late.
   */
  function pressHeldBack(event: KeyboardEvent): void {
    const target = heldBack;
    swallow(event);
    setTimeout(() => {
      if (target === null || heldBack !== target) return;
      heldBack = null;
      target.click();
    }, PAUSE);
  }

  function onKeydown(event: KeyboardEvent): void {
    if (heldBack !== null && event.repeat && event.key === ' ') {
      event.preventDefault();
      return;
    }
    heldBack = null;
    if (!isOn() || isPassword(event.target) || event.isComposing) {
      burst = null;
      return;
    }
    const wasScan = burst?.isScan === true;
    burst = hearKey(burst, {
      key: event.key,
      at: event.timeStamp,
      isRepeat: event.repeat,
      isCommand: event.ctrlKey || event.altKey || event.metaKey,
    });
    if (burst === null) return;
    if (!burst.isScan) {
      if (burst.keys === 1) {
        undoing = [rememberPage()];
        holdBack(event);
      }
      // The space within a number must press no button; nobody's thumb is as quick after another key.
      else if (event.key === ' ' && !isTextField(event.target)) event.preventDefault();
      return;
    }
    swallow(event);
    if (!wasScan) takeBack();
    clearTimeout(pause);
    const { text, isEnded } = burst;
    if (isEnded) void nextTick(() => end(text));
    else pause = setTimeout(() => end(text), PAUSE);
  }

  function onKeyup(event: KeyboardEvent): void {
    if (heldBack !== null && event.key === ' ' && event.target === heldBack) {
      pressHeldBack(event);
      return;
    }
    if (burst !== null && (burst.isScan || (burst.keys > 1 && event.key === ' '))) swallow(event);
  }

  onMounted(() => {
    addEventListener('keydown', onKeydown, true);
    addEventListener('keyup', onKeyup, true);
  });
  onBeforeUnmount(() => {
    removeEventListener('keydown', onKeydown, true);
    removeEventListener('keyup', onKeyup, true);
    clearTimeout(pause);
    heldBack = null;
  });
}
