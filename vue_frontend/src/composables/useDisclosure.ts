import { onBeforeUnmount, onMounted, ref, type Ref } from 'vue';

/**
 * Something that a button shows and hides: Escape, a press elsewhere and a focus that goes elsewhere hide it.
 *
 * By hand: the browser's own popover is newer than our oldest browsers, and the library's weighs 21 KB on the first load.
 */
export function useDisclosure(content: Ref<HTMLElement | null>, button: Ref<HTMLElement | null>) {
  const isOpen = ref(false);
  const close = () => (isOpen.value = false);

  function closeElsewhere(event: Event): void {
    const target = event.target as Node;
    if (content.value?.contains(target) !== true && button.value?.contains(target) !== true) close();
  }
  function closeByKey(event: KeyboardEvent): void {
    if (event.key !== 'Escape' || !isOpen.value) return;
    close();
    button.value?.focus();
  }

  onMounted(() => {
    document.addEventListener('pointerdown', closeElsewhere);
    document.addEventListener('focusin', closeElsewhere);
    document.addEventListener('keydown', closeByKey);
  });
  onBeforeUnmount(() => {
    document.removeEventListener('pointerdown', closeElsewhere);
    document.removeEventListener('focusin', closeElsewhere);
    document.removeEventListener('keydown', closeByKey);
  });

  return { isOpen, close };
}
