/** Holds docs/errors.md to the table of codes. */
import { readFileSync } from 'node:fs';
import test from 'ava';
import { ERROR_CODES } from '../../wire/errors.ts';

const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');

test('docs/errors.md lists every code with its meaning, and no other', (t) => {
  const rows = [...page.matchAll(/^\| `(ERR_LAUNCHPOOL_\w+)` +\| (.*?) +\| (\S*) +\| (\d+) +\| (yes|no) +\|$/gm)];
  const listed = rows.map(([, code, meaning, rpc, exit, retryable]) => ({ code, meaning, rpc, exit, retryable }));
  const known = Object.entries(ERROR_CODES).map(([code, facts]) => ({
    code,
    meaning: facts.meaning,
    rpc: 'rpc' in facts && facts.rpc !== undefined ? String(facts.rpc) : '–',
    exit: String(facts.exit),
    retryable: facts.retryable ? 'yes' : 'no',
  }));
  t.deepEqual(listed, known);
});
