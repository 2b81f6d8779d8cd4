import { expect, test } from 'vitest';
import { withMarkedPart } from '../../src/text/marked-part.ts';

const part = { begin: '<!-- table -->', end: '<!-- /table -->', lines: ['| a |', '| - |'] };

test('writes what lies between the markers, and nothing else', () => {
  const page = '# Title\n\n<!-- table -->\nold\nlines\n<!-- /table -->\n\nThe end.\n';
  const written = withMarkedPart(page, part);
  expect(written).toBe('# Title\n\n<!-- table -->\n| a |\n| - |\n<!-- /table -->\n\nThe end.\n');
  expect(withMarkedPart(written, part)).toBe(written);
});

test.each(['# Title\n<!-- table -->\n', '# Title\n<!-- /table -->\n', '<!-- /table -->\n<!-- table -->\n'])(
  'refuses a page without both markers in their order',
  (page) => {
    expect(() => withMarkedPart(page, part)).toThrow(
      new RangeError('the page needs the lines <!-- table --> and <!-- /table -->'),
    );
  },
);
