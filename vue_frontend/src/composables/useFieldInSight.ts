import { onBeforeUnmount, onMounted, type Ref } from 'vue';

/**
 * Keeps what has the focus between banner and foot, however these or the fields grow while somebody types: a warning
 * below a field, a message above the save button, an alert under the header. Where that is, the style sheets say
 * (scroll-margin).
 */
export function useFieldInSight(fields: Ref<HTMLElement | null>, foot: Ref<HTMLElement | null>): void {
  const observer = new ResizeObserver(() => {
    const focused = document.activeElement;
    if (focused instanceof HTMLElement && fields.value?.contains(focused))
      focused.scrollIntoView({ block: 'nearest' });
  });
  onMounted(() => {
    const header = document.getElementById('top');
    for (const element of [header, fields.value, foot.value]) if (element !== null) observer.observe(element);
  });
  onBeforeUnmount(() => observer.disconnect());
}
