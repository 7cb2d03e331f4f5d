import { computed, onScopeDispose, readonly, ref, watch, type Ref } from 'vue';

/** How long one page of the wall stands: time to find a bed among thirty. */
export const PAGE_SECONDS = 12;
/** How long a page can be held: one that somebody forgot must not hide the others for a shift. */
export const HOLD_SECONDS = 300;

/**
 * The wall in pages of as many tiles as fit, turned by a clock of its own; one page stands still.
 *
 * A page can be held for a while (WCAG 2.2.2), and turned by hand, which starts its time anew.
 */
export function useWallPages<T>(all: Ref<readonly T[]>, perPage: number) {
  const page = ref(0);
  const secondsLeft = ref(PAGE_SECONDS);
  const isHeld = ref(false);

  const pageCount = computed(() => Math.max(1, Math.ceil(all.value.length / perPage)));
  const shown = computed(() => all.value.slice(page.value * perPage, (page.value + 1) * perPage));

  /** From 0; past either end it goes on at the other. */
  function turnTo(wanted: number): void {
    page.value = (wanted + pageCount.value) % pageCount.value;
    hold(isHeld.value);
  }

  function hold(wanted: boolean): void {
    isHeld.value = wanted;
    secondsLeft.value = wanted ? HOLD_SECONDS : PAGE_SECONDS;
  }

  /** The page on which this one stands. One that is not on the wall changes nothing; a held page stays. */
  function turnToOne(isWanted: (one: T) => boolean): void {
    if (isHeld.value) return;
    const index = all.value.findIndex(isWanted);
    if (index >= 0) turnTo(Math.floor(index / perPage));
  }

  function tick(): void {
    if (pageCount.value === 1) return;
    if (secondsLeft.value > 1) {
      secondsLeft.value -= 1;
      return;
    }
    isHeld.value = false;
    turnTo(page.value + 1);
  }

  watch(pageCount, (count) => {
    if (page.value >= count) turnTo(0);
  });
  const timer = setInterval(tick, 1_000);
  onScopeDispose(() => clearInterval(timer));

  return {
    page,
    pageCount,
    shown,
    secondsLeft,
    isHeld: readonly(isHeld),
    hold,
    turnToOne,
    turn: (by: 1 | -1) => turnTo(page.value + by),
  };
}
