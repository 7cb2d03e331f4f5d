/**
 * How names, numbers and places are trimmed, compared, ordered and shown. Pure.
 *
 * The same as patients/rules/names.py, by which the server searches and orders; both are held by names.cases.json.
 */

const LONGEST_KEY = 200;
/** Letters that Unicode does not take apart, as they are written where the keyboard lacks them. */
const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
  ħ: 'h',
  ŧ: 't',
  ς: 'σ',
};
const LETTER = new RegExp(`[${Object.keys(LETTERS).join('')}]`, 'g');
const APOSTROPHES = /['`´‘’‛′‵ʹʻʼʽʾʿ׳]/g;
const DASHES = /[‐‑‒–—―−]/g;
/** Accents of Latin, Greek and Cyrillic letters, and the points of Hebrew and Arabic. */
const ACCENTS = new RegExp(
  '[\\u0300-\\u036f\\u1ab0-\\u1aff\\u1dc0-\\u1dff\\u20d0-\\u20ff\\ufe20-\\ufe2f' +
    '\\u0591-\\u05bd\\u05bf\\u05c1\\u05c2\\u05c4\\u05c5\\u05c7\\u064b-\\u065f\\u0670]',
  'g',
);
const UNSEEN_AT_ENDS = /^[\s\p{Cf}]+|[\s\p{Cf}]+$/gu;
const DIRECTION = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

interface Named {
  last_name: string;
  first_name: string;
}

/** Without what nobody sees at its ends: spaces of every kind, zero-width characters. */
export const trimmed = (text: string) => text.replace(UNSEEN_AT_ENDS, '');

/** As it is searched and compared: without case, accents, apostrophes and what is invisible. */
export function fold(text: string): string {
  return text
    .replace(APOSTROPHES, '')
    .normalize('NFKD')
    .replace(/\p{Cf}/gu, '')
    .replace(ACCENTS, '')
    .toLowerCase()
    .replace(LETTER, (letter) => LETTERS[letter]!)
    .replace(APOSTROPHES, '')
    .replace(DASHES, '-')
    .trim()
    .replace(/\s+/g, ' ')
    .normalize('NFKC');
}

/** Lists are sorted again with every change: what a text is ordered by is made once. */
function remembering(make: (text: string) => string): (text: string) => string {
  const made = new Map<string, string>();
  return (text) => {
    let key = made.get(text);
    if (key === undefined) {
      key = make(text);
      made.set(text, key);
    }
    return key;
  };
}

/** What a name is ordered by, letter by letter. */
export const nameKey = remembering((name) => fold(name).slice(0, LONGEST_KEY));

/** What a bed, a ward or a number is ordered by: 1, 2, 10. Leading zeros do not count. */
export const placeKey = remembering((text) =>
  fold(text)
    .replace(/0*([0-9]+)/g, (_, number: string) => String(number.length).padStart(2, '0') + number)
    .slice(0, LONGEST_KEY),
);

export const compareKeys = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** Wards, beds and numbers as the server orders them. */
export const compareByPlace = (a: string, b: string) =>
  compareKeys(placeKey(a), placeKey(b)) || compareKeys(a, b);

export function compareByName(a: Named, b: Named): number {
  return (
    compareKeys(nameKey(a.last_name), nameKey(b.last_name)) ||
    compareKeys(nameKey(a.first_name), nameKey(b.first_name))
  );
}

/** The name that a family shares; of somebody with one name, that one. */
export const familyKey = (person: Named) => nameKey(person.last_name) || nameKey(person.first_name);

/** Without the characters that turn round how it, and what follows it, is written. None of them is seen. */
const withoutDirection = (text: string) => text.replace(DIRECTION, '');

const joined = (names: readonly string[]) => names.filter((name) => name !== '').join(', ');

/** SMITH, John; where there is one name alone, that one. */
export function formatName(person: Named): string {
  return joined([
    withoutDirection(person.last_name).toLocaleUpperCase(),
    withoutDirection(person.first_name),
  ]);
}

/** SMITH, J: for the wall, which everybody can read. A single name is shown whole: nobody could tell whose it is. */
export function formatNameWithInitial(person: Named): string {
  const [last, first] = [withoutDirection(person.last_name), withoutDirection(person.first_name)];
  return last === '' ? first : joined([last.toLocaleUpperCase(), [...first][0] ?? '']);
}
