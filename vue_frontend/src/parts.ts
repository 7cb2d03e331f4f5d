/**
 * The parts of the page that are fetched when they are wanted: views, tabs, bars.
 *
 * A part may not be there: its file went with an update, or the line is dead. Then the page says so (PartsBar) and
 * tries again until it comes. While nobody asks for anything, all of them are fetched, so that few are ever missed.
 */
import { readonly, ref } from 'vue';

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15_000;

type Load<T> = () => Promise<T>;

const all: Load<unknown>[] = [];
const missing = ref(0);
let wake: Set<() => void> = new Set();

/** How many parts that somebody waits for could not be fetched yet. */
export const missingParts = readonly(missing);

/** `load`, tried until it comes. A fault within the part itself is thrown: trying again would not mend it. */
export function part<T>(load: Load<T>): Load<T> {
  all.push(load);
  let isUnderWay: Promise<T> | null = null;
  return () => {
    isUnderWay ??= untilItComes(load).finally(() => (isUnderWay = null));
    return isUnderWay;
  };
}

/** Try at once what waits for its next turn. */
export function tryPartsAgain(): void {
  const waiting = wake;
  wake = new Set();
  for (const go of waiting) go();
}

/** Fetch every part, one after the other, each when `idle` says that there is time. */
export async function fetchAllParts(idle: () => Promise<void>): Promise<void> {
  for (const load of all) {
    await idle();
    await load().catch(() => undefined); // who asks for it is told
  }
}

async function untilItComes<T>(load: Load<T>): Promise<T> {
  let isMissing = false;
  try {
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        return await load();
      } catch (error) {
        if (!wasNotFetched(error)) throw error;
      }
      if (!isMissing) missing.value += 1;
      isMissing = true;
      await new Promise<void>((resolve) => {
        wake.add(resolve);
        setTimeout(resolve, pause);
      });
    }
  } finally {
    if (isMissing) missing.value -= 1;
  }
}

/** As webpack and its plugin for styles name it. */
function wasNotFetched(error: unknown): boolean {
  const { name, code } = error as { name?: string; code?: string };
  return name === 'ChunkLoadError' || code === 'CSS_CHUNK_LOAD_FAILED';
}
