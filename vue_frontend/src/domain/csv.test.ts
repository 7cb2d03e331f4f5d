import { describe, expect, it } from 'vitest';

import { countRows, csvText } from './csv';

describe('a CSV file made in the browser', () => {
  it('quotes what would break it', () => {
    expect(
      csvText([
        ['line', 'reason'],
        [4, 'a "b", c'],
      ]),
    ).toBe('line,reason\r\n4,"a ""b"", c"\r\n');
  });

  it('gives a spreadsheet no formula, and leaves numbers alone', () => {
    expect(csvText([['=1+1', '@x', '-1', -1]])).toBe("'=1+1,'@x,'-1,-1\r\n");
  });
});

describe('the rows of a CSV file', () => {
  it.each([
    ['', 0],
    ['hospital_number', 0],
    ['a,b\n1,2\n3,4\n', 2],
    ['a,b\r\n1,2\r\n\r\n', 1],
    ['a,b\n"one\ntwo",2\n', 1],
    ['a,b\n"say ""hi""\nthere",2\n3,4', 2],
  ])('of %j are %i', (text, count) => expect(countRows(text)).toBe(count));
});
