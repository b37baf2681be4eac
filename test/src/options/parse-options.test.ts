/** Settings from given values, and their defaults. */
import test from 'ava';
import { helpOf, syntaxOf } from '../../../src/options/describe-option.ts';
import type { Option, Table } from '../../../src/options/option.ts';
import { defaultsOf, parseOptions } from '../../../src/options/parse-options.ts';
import { VERB_TABLES } from '../../../src/options/verb-tables.ts';

const INVALID = { code: 'ERR_LAUNCHPOOL_OPTION_INVALID' };
const TABLE = {
  waitMs: { flag: 'wait', value: { kind: 'seconds', min: 0, max: 9 }, default: 2, help: 'waits' },
  names: { flag: 'name', value: { kind: 'texts', placeholder: 'NAME' }, help: 'names' },
  users: { flag: 'users', value: { kind: 'userIds', min: 0, max: 9 }, help: 'users' },
  path: { flag: 'path', value: { kind: 'path', placeholder: 'PATH' }, help: 'a path' },
  quiet: { flag: 'quiet', switch: true, help: 'prints nothing' },
  sound: { flag: 'no-sound', switch: false, help: 'makes no sound' },
} as const satisfies Table;

test('settings have the names and the units of the program', (t) => {
  const given = { wait: '0.5', name: ['a', 'b'], users: '1,2', path: 'x', quiet: true, 'no-sound': true };
  const settings = { waitMs: 500, names: ['a', 'b'], users: [1, 2], path: 'x', quiet: true, sound: false };
  t.deepEqual(parseOptions(TABLE, given), settings);
});

test('an option that is not given has no setting', (t) => {
  t.deepEqual(parseOptions(TABLE, { wait: undefined, quiet: false, other: 'x' }), {});
});

test('the defaults are those of the rows; switches are off, and lists are empty', (t) => {
  const defaults = { waitMs: 2000, names: [], users: [], path: undefined, quiet: false, sound: true };
  t.deepEqual(defaultsOf(TABLE), defaults);
});

test('a switch with a value, and a missing value, are refused', (t) => {
  t.throws(() => parseOptions(TABLE, { quiet: 'yes' }), { ...INVALID, message: /--quiet yes/ });
  t.throws(() => parseOptions(TABLE, { wait: true }), { ...INVALID, message: /--wait true/ });
});

test('the help has syntax, choices, and default', (t) => {
  const { waitMs, quiet, names } = TABLE;
  t.deepEqual([syntaxOf(waitMs), helpOf(waitMs)], ['--wait SECONDS', 'waits (default: 2)']);
  t.deepEqual([syntaxOf(quiet), helpOf(quiet)], ['--quiet', 'prints nothing']);
  t.is(helpOf(names), 'names (repeatable)');
  const row: Option = {
    flag: 'x',
    value: { kind: 'choice', placeholder: 'X', choices: ['a', 'b'] },
    default: 'b',
    help: 'x',
  };
  t.is(helpOf(row), 'x (one of a, b; default: b)');
});

for (const [verb, tables] of Object.entries(VERB_TABLES)) {
  test(`${verb}: every default is a value that the option accepts, and no flag occurs twice`, (t) => {
    for (const table of tables as readonly Table[]) {
      const defaults: Record<string, unknown> = defaultsOf(table);
      for (const [key, row] of Object.entries(table)) {
        if ('switch' in row || row.default === undefined) continue;
        t.deepEqual({ [key]: defaults[key] }, parseOptions({ [key]: row }, { [row.flag]: String(row.default) }));
      }
    }
    const flags = tables.flatMap((table: Table) => Object.values(table).map(({ flag }) => flag));
    t.is(new Set(flags).size, flags.length);
  });
}
