/** Holds the table of docs/security.md to the tests that it names. */
import { existsSync, readFileSync } from 'node:fs';
import test from 'ava';

const root = new URL('../..', import.meta.url);
const page = readFileSync(new URL('docs/security.md', root), 'utf8');
const table = page.slice(page.indexOf('## Attacks, and what stops them'));
const rows = table.split('\n').filter((line) => /^\| (?!Attack |-)/.test(line));

test('every row has an attack, a defence, and a test', (t) => {
  t.true(rows.length >= 20);
  for (const row of rows) t.regex(row, /^\| [^|]+ \| [^|]+ \| `test\/[^`]+\.test\.ts`: [^|]+ \|$/, row);
});

for (const row of rows) {
  const [, file = '', title = ''] = /`(test\/[^`]+)`: ([^|]+) \|$/.exec(row) ?? [];
  test(`${file} contains the test "${title}"`, (t) => {
    t.true(existsSync(new URL(file, root)), file);
    t.true(readFileSync(new URL(file, root), 'utf8').includes(title), title);
  });
}
