import { defineStore } from 'pinia';
import { ref, watch, type Ref } from 'vue';

import type { BoardOrder } from '@/domain/boardOrder';
import { LANGUAGES, languageOfServer, speak, type Language } from '@/locales';

export type OnOff = 'on' | 'off';
export type Theme = 'system' | 'light' | 'night';

const PREFIX = 'wardlight.device.';

/** A choice that this device remembers; where storage is blocked it lasts until the page is closed. */
function remembered<T extends string>(name: string, allowed: readonly T[] | null, fallback: T): Ref<T> {
  let stored: string | null = null;
  try {
    stored = localStorage.getItem(PREFIX + name);
  } catch {
    stored = null;
  }
  const isAllowed = stored !== null && (allowed === null || (allowed as readonly string[]).includes(stored));
  const choice = ref(isAllowed ? (stored as T) : fallback) as Ref<T>;
  watch(choice, (value) => {
    try {
      localStorage.setItem(PREFIX + name, value);
    } catch {
      // Private windows may refuse; the choice still holds for this page.
    }
  });
  return choice;
}

/** What is chosen for a device, not for a person: shared tablets keep it. */
export const useDeviceStore = defineStore('device', () => {
  const theme = remembered<Theme>('theme', ['system', 'light', 'night'], 'system');
  const boardOrder = remembered<BoardOrder>('boardOrder', ['attention', 'bed'], 'attention');
  const language = remembered<Language>('language', Object.keys(LANGUAGES) as Language[], languageOfServer());
  /** Of high notifications; off until somebody chooses otherwise: tablets at the bedside stay quiet. */
  const sound = remembered<OnOff>('sound', ['on', 'off'], 'off');
  const browserNotifications = remembered<OnOff>('browserNotifications', ['on', 'off'], 'off');
  const ward = remembered<string>('ward', null, '');

  watch(
    theme,
    (value) => {
      if (value === 'system') delete document.documentElement.dataset.theme;
      else document.documentElement.dataset.theme = value;
    },
    { immediate: true },
  );

  watch(language, speak);

  return { theme, boardOrder, ward, language, sound, browserNotifications };
});
