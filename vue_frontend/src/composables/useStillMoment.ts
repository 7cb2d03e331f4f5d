import { onBeforeUnmount, onMounted } from 'vue';

/** So long after the last press, key or movement nobody is about to press what is on the screen. */
export const STILL_MS = 1_000;
/** Nothing waits longer than this for such a moment. */
export const LIMIT_MS = 4_000;
const STEP_MS = 200;

const ACTIVITY = ['pointerdown', 'pointermove', 'touchmove', 'keydown'] as const;

/**
 * Do what makes the page move once the hands are still: a button must not slide away from under a finger.
 *
 * Of several calls that wait, the last one is done.
 */
export function useStillMoment() {
  let lastActivity = 0;
  let timer: ReturnType<typeof setTimeout> | null = null;

  function stop(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
  }

  function whenStill(act: () => void): void {
    stop();
    const begun = performance.now();
    const look = (): void => {
      const now = performance.now();
      if (now - lastActivity < STILL_MS && now - begun < LIMIT_MS) {
        timer = setTimeout(look, STEP_MS);
        return;
      }
      timer = null;
      act();
    };
    look();
  }

  const note = (): void => {
    lastActivity = performance.now();
  };
  onMounted(() => {
    ACTIVITY.forEach((name) => addEventListener(name, note, { passive: true, capture: true }));
  });
  onBeforeUnmount(() => {
    stop();
    ACTIVITY.forEach((name) => removeEventListener(name, note, { capture: true }));
  });

  return { whenStill, stop };
}
