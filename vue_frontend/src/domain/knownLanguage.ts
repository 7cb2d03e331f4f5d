/**
 * To be imported before uPlot, which makes a format of numbers in `navigator.language` as it is loaded. Where that is no
 * language (WebKit under LANG=C says "c"), it throws, and Trends stay blank.
 */

try {
  new Intl.NumberFormat(navigator.language);
} catch {
  Object.defineProperty(navigator, 'language', { value: 'en-GB', configurable: true });
}

export {};
