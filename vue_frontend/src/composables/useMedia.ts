import { onBeforeUnmount, ref } from 'vue';

/** Whether the screen is as a media query says, now and after it was turned or resized. */
export function useMedia(query: string) {
  const media = matchMedia(query);
  const matches = ref(media.matches);
  const note = (): void => {
    matches.value = media.matches;
  };
  media.addEventListener('change', note);
  onBeforeUnmount(() => media.removeEventListener('change', note));
  return matches;
}
