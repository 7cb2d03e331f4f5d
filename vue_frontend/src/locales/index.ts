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
