import { computed, onBeforeUnmount, onMounted, shallowReactive } from 'vue';

/** Whose form it is; null: a patient who is being admitted. */
type Subject = () => number | null;

const opened = shallowReactive<Subject[]>([]);

/** The form that is open on this screen, the innermost of several. */
export const openForm = computed(() => {
  const subject = opened.at(-1);
  return subject === undefined ? null : { patient: subject() };
});

/** Tell the screen that something is being entered about this patient for as long as the component stands. */
export function useOpenForm(subject: Subject): void {
  onMounted(() => opened.push(subject));
  onBeforeUnmount(() => opened.splice(opened.indexOf(subject), 1));
}
