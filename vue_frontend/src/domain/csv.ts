/** Writing a small CSV file in the browser. Pure. */

/** A cell that a spreadsheet would take for a formula is made text; RFC 4180 quotes the rest. */
function cell(value: string | number): string {
  const text = String(value);
  const harmless = /^[=+\-@\t\r]/.test(text) && typeof value === 'string' ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replace(/"/g, '""')}"` : harmless;
}

/** What a file begins with by which a spreadsheet knows UTF-8. */
export const BYTE_ORDER_MARK = '\ufeff';

/** Rows as the text of a CSV file, the first one being its header. */
export function csvText(rows: readonly (readonly (string | number)[])[]): string {
  return rows.map((row) => row.map(cell).join(',') + '\r\n').join('');
}

/** How many lines of data a CSV text has: not its header, not empty lines, and quoted line breaks are no lines. */
export function countRows(text: string): number {
  const lines = text
    .replace(/"(?:[^"]|"")*"/g, 'x')
    .split(/\r\n|\n|\r/)
    .filter((line) => line.trim() !== '');
  return Math.max(0, lines.length - 1);
}
