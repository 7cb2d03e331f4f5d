import { onBeforeUnmount, ref, watch } from 'vue';
import { onBeforeRouteLeave } from 'vue-router';

import { useSessionStore } from '@/stores/session';

/**
 * Ask before something unsaved is left: a route change opens the question (`isAsking`), closing the tab the
 * browser's own. A sign-in that ends asks nobody: the draft waits for the same user to come back.
 */
export function useUnsavedGuard(isUnsaved: () => boolean, discard: () => void) {
  const session = useSessionStore();
  const isAsking = ref(false);
  let leave: ((goes: boolean) => void) | null = null;

  onBeforeRouteLeave((to) => {
    if (!isUnsaved() || session.user === null || to.name === 'sign-in') return true;
    isAsking.value = true;
    return new Promise<boolean>((resolve) => (leave = resolve));
  });

  function answer(goes: boolean): void {
    isAsking.value = false;
    if (goes) discard();
    leave?.(goes);
    leave = null;
  }
  // Closing the question by Escape means to stay.
  watch(isAsking, (isOpen) => {
    if (!isOpen && leave !== null) answer(false);
  });

  function warn(event: BeforeUnloadEvent): void {
    if (isUnsaved()) event.preventDefault();
  }
  addEventListener('beforeunload', warn);
  onBeforeUnmount(() => removeEventListener('beforeunload', warn));

  return { isAsking, answer };
}
