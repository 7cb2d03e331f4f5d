import { onBeforeUnmount, onMounted, ref, type Ref } from 'vue';

/**
 * How wide an element is, whole px, kept true while it changes.
 *
 * For charts: their texts keep their size, so that a narrow screen shows less instead of smaller.
 */
export function useWidth(
  element: Ref<HTMLElement | null>,
  { initial, least }: { initial: number; least: number },
) {
  const width = ref(initial);
  const observer = new ResizeObserver(([entry]) => {
    if (entry !== undefined) width.value = Math.max(least, Math.floor(entry.contentRect.width));
  });
  onMounted(() => element.value !== null && observer.observe(element.value));
  onBeforeUnmount(() => observer.disconnect());
  return width;
}

/** Tell the style sheets how high an element is: as `property` on the root, px; gone with the element. */
export function useHeightProperty(element: Ref<HTMLElement | null>, property: `--${string}`): void {
  const root = document.documentElement.style;
  const observer = new ResizeObserver(([entry]) => {
    if (entry !== undefined) root.setProperty(property, `${entry.borderBoxSize[0]?.blockSize ?? 0}px`);
  });
  onMounted(() => element.value !== null && observer.observe(element.value));
  onBeforeUnmount(() => {
    observer.disconnect();
    root.removeProperty(property);
  });
}
