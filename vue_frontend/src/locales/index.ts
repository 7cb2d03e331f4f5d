import { computed } from 'vue';
import { createI18n } from 'vue-i18n';

import type { DateWords } from '@/domain/format';
import { en } from './en';

type Catalogue = typeof en;

/** The dotted paths of all messages: a misspelt key is a type error. */
type Leaves<T, Path extends string = ''> = {
  [Key in keyof T & string]: T[Key] extends string ? `${Path}${Key}` : Leaves<T[Key], `${Path}${Key}.`>;
}[keyof T & string];

export type MessageKey = Leaves<Catalogue>;

export const i18n = createI18n({
  legacy: false,
  locale: 'en',
  fallbackLocale: 'en',
  messages: { en } as Record<string, Catalogue>,
});

/** The languages that are complete: what is missing in one is a type error. Names are in their own language. */
export const LANGUAGES = { en: 'English', de: 'Deutsch', es: 'Español' } as const;
export type Language = keyof typeof LANGUAGES;

/** The others are fetched when they are chosen. */
const CATALOGUES: Record<Exclude<Language, 'en'>, () => Promise<Catalogue>> = {
  de: async () => (await import(/* webpackChunkName: "locale-de" */ './de')).de,
  es: async () => (await import(/* webpackChunkName: "locale-es" */ './es')).es,
};

export const language = computed(() => i18n.global.locale.value as Language);

/** What the server is set to, where that is one of ours; the page says it. */
export function languageOfServer(): Language {
  const named = document.documentElement.dataset.language ?? document.documentElement.lang;
  const short = named.slice(0, 2).toLowerCase();
  return short in LANGUAGES ? (short as Language) : 'en';
}

/** Show everything in this language. Where it cannot be fetched, the present one stays. */
export async function speak(wanted: Language): Promise<void> {
  if (wanted !== 'en' && !i18n.global.availableLocales.includes(wanted)) {
    try {
      i18n.global.setLocaleMessage(wanted, await CATALOGUES[wanted]());
    } catch {
      return;
    }
  }
  i18n.global.locale.value = wanted;
  document.documentElement.lang = wanted === 'en' ? 'en-GB' : wanted;
}

type Values = Record<string, string | number>;

/** The message in the current language; `count` chooses between singular and plural. */
export function t(key: MessageKey, values: Values = {}, count?: number): string {
  return count === undefined ? i18n.global.t(key, values) : i18n.global.t(key, { count, ...values }, count);
}

/** The words that dates and durations are made of, in the current language. */
export function dateWords(): DateWords {
  return {
    months: t('months.short').split(' '),
    units: {
      year: t('units.year'),
      month: t('units.month'),
      week: t('units.week'),
      day: t('units.day'),
      hour: t('units.hour'),
      minute: t('units.minute'),
    },
  };
}
