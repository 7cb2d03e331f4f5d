/**
 * The server's refusals in the language of this page.
 *
 * The server speaks English and hears over the socket of no other language. What it says by rule (a range, a missing
 * field, a time that cannot be) is known by its sentence and said from the catalogue; what this page does not know is
 * shown in the server's own words. So is everything in English but what names no field: the server says which value it
 * was given.
 */

import { firstMessage } from '@/api/http';
import { language, t, type MessageKey } from '@/locales';
import { en } from '@/locales/en';
import { useFormat } from './useFormat';

type Say = (field: string, found: RegExpExecArray) => string;

const OF_A_PATIENT: Record<string, unknown> = en.patientForm;
const REASONS = ['reason', 'history_change_reason'];

/** A field by the name that stands beside it. */
function nameOf(field: string): string {
  if (field in en.field) return t(`field.${field}` as MessageKey);
  if (typeof OF_A_PATIENT[field] === 'string') return t(`patientForm.${field}` as MessageKey);
  return t(REASONS.includes(field) ? 'history.reason' : 'refusal.thisValue');
}
const unitOf = (field: string) => (field in en.unit ? t(`unit.${field}` as MessageKey) : '');
const withUnit = (field: string, value: string) =>
  t('common.withUnit', { value, unit: unitOf(field) }).trim();
const always =
  (key: MessageKey): Say =>
  () =>
    t(key);
const ofField =
  (key: MessageKey): Say =>
  (field) =>
    t(key, { field: nameOf(field) });
const atTime =
  (key: MessageKey): Say =>
  (_, [, time]) =>
    t(key, { time: useFormat().dateTime(time!) });

/** What the server says of nothing, without naming it. */
const UNNAMED = /^This field (is required|may not be (null|blank))\.$/;
const MISSING = new RegExp(`${UNNAMED.source}|^Say why:|^It is needed:`);

const RULES: readonly [RegExp, Say][] = [
  [/^The year must /, always('refusal.notATime')],
  [
    /must be between (\S+) and (\S+?)(?: \S+)?; /,
    (field, [, low, high]) =>
      t('form.impossible', {
        field: nameOf(field),
        low: low!,
        high: t('common.withUnit', { value: high!, unit: unitOf(field) }).trim(),
      }),
  ],
  [/whole number(;| is needed)/, ofField('refusal.whole')],
  [/ must be a number; |^A number is needed/, ofField('form.unfinished')],
  [/^Diastolic pressure must be below/, always('form.diastolicHigh')],
  [MISSING, ofField('patientForm.missing')],
  [/^A first name or a last name is needed;/, always('patientForm.noName')],
  [/^A date such as |^date_of_birth is /, always('patientForm.noBirth')],
  [/^There is no date of birth that |^Only \S+ is known\. /, always('refusal.precision')],
  [
    /^The clocks were set (back|forward) then: /,
    (_, [, way]) => t(`refusal.clocks.${way as 'back' | 'forward'}`),
  ],
  [/^The same name and date of birth as /, always('refusal.sameBirth')],
  [
    /^It differs from (.+) by case, signs or /,
    (_, [, number]) => t('refusal.sameNumber', { number: number! }),
  ],
  [/^(.+) is no allergy\. Leave /, (_, [, word]) => t('refusal.noAllergy', { word: word! })],
  [/^(.+) is no value\. Leave /, (_, [, word]) => t('refusal.noValue', { word: word! })],
  [/ has a decimal comma\. Write (\S+)\.$/, (_, [, number]) => t('refusal.comma', { number: number! })],
  [/^The cells are separated by /, always('refusal.separators')],
  [/^It could not be stored, and nothing of it /, always('refusal.unforeseen')],
  [
    /^Ensure this field has no more than (\d+) characters/,
    (_, [, count]) => t('refusal.tooLong', { count: count! }),
  ],
  [/ is not a valid choice\. There are: /, always('refusal.notAChoice')],
  [/^A time such as/, always('refusal.notATime')],
  [/ over 5 minutes ahead\.$/, always('patientForm.future')],
  [/^This is before the admission at (.+)\.$/, atTime('form.timeBeforeAdmission')],
  [/^This is before the birth (?:on|in) /, always('refusal.beforeBirth')],
  [/^The birth cannot be after /, always('refusal.bornAfter')],
  [/^This is before the end of the stay before at (.+)\.$/, atTime('refusal.stayBefore')],
  [/^Air and an oxygen flow of /, always('refusal.airWithFlow')],
  [/ has a value, and a reason why it was not measured/, ofField('refusal.measuredAndNot')],
  [/^allergy_status is /, always('refusal.allergies')],
  [/^The patient was discharged at (.+)\.$/, atTime('refusal.afterDischarge')],
  [/^The newest report was taken at (.+), after this time\.$/, atTime('refusal.newestAfter')],
  [/^A report of this stay was taken before that time\.$/, always('refusal.reportBefore')],
  [/^Patient with this Hospital number already exists\.$/, always('refusal.numberTaken')],
  [/^The end of a (plan|pause) lies ahead\.$/, always('plan.untilWrong')],
  [/^Another pause of this patient/, always('refusal.pauseOverlaps')],
  [/^The patient is discharged\.$/, always('refusal.discharged')],
  [/^Somebody else recorded this set\./, always('slip.notOwn')],
  [/^You recorded this set over /, always('slip.tooLate')],
  [/^Somebody else has changed this set\./, always('slip.changed')],
  [/^A pause by a nurse lasts /, always('place.nursePauseTooLong')],
  [/^Your role may not |^You do not have permission /, always('sending.forbidden')],
  [/^This is not your present password\.$/, always('refusal.wrongPassword')],
  [/^The two password fields/, always('refusal.passwordsDiffer')],
  [/^(This|The) password is /, always('refusal.weakPassword')],
];

const QUESTIONS: readonly [RegExp, Say][] = [
  [
    / (\d\S*)(?: \S+)? is unusual: outside /,
    (field, [, value]) => t('form.unusual', { field: nameOf(field), value: withUnit(field, value!) }),
  ],
  [
    /^Weight (\S+) kg, and (\S+) kg the last time/,
    (field, [, value, before]) =>
      t('form.otherUnit', { field: nameOf(field), value: withUnit(field, value!), before: before! }),
  ],
  [
    /^Height (\S+) cm is unusual for an adult/,
    (field, [, value]) => t('form.shortAdult', { field: nameOf(field), value: withUnit(field, value!) }),
  ],
  [/^On oxygen with a flow of 0 /, always('form.noFlow')],
  [/^On air with an oxygen device /, always('refusal.deviceOnAir')],
  [/^There was no ward (.+) before: /, (_, [, ward]) => t('place.newWardAsk', { ward: ward! })],
  [/^Bed .+ is taken twice: /, always('place.sharedLong')],
  [/^Pregnant and male /, always('patientForm.doubt.male')],
  [/^Pregnant at the age of /, always('patientForm.doubt.age')],
];

/** One refusal of that field (or `detail`) in the language of this page. */
export function refusalText(field: string, message: string): string {
  if (language.value === 'en')
    return UNNAMED.test(message) ? t('patientForm.missing', { field: nameOf(field) }) : message;
  for (const [pattern, say] of [...RULES, ...QUESTIONS]) {
    const found = pattern.exec(message);
    if (found !== null) return say(field, found);
  }
  return message;
}

/** DRF's {field: [messages]}, alone or in a list, as {field: first message}. */
export function messagesByField(errors: unknown): Record<string, string> {
  const found: Record<string, string> = {};
  for (const part of Array.isArray(errors) ? errors : [errors]) {
    if (part === null || typeof part !== 'object') continue;
    for (const [field, messages] of Object.entries(part as Record<string, unknown>)) {
      const first = firstMessage(messages);
      if (first !== null) found[field] = refusalText(field, first);
    }
  }
  return found;
}

/** The first refusal that a person can read, or null. */
export function firstRefusal(errors: unknown): string | null {
  const [byField] = Object.values(messagesByField(errors));
  return byField ?? firstMessage(errors);
}
