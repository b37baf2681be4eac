/** What commander makes of the options of a table, and what the verbs take from it. */
import test from 'ava';
import { Command } from 'commander';
import { addOptions } from '../../../src/cli/commands/shared.ts';
import { givenFlags } from '../../../src/cli/given-flags.ts';
import type { Option, Table } from '../../../src/options/option.ts';
import { VERB_TABLES } from '../../../src/options/verb-tables.ts';

function given(table: Table, ...args: string[]): Record<string, unknown> {
  const command = addOptions(new Command().exitOverride(), table);
  // Those that are required are another test's business.
  for (const option of command.options) option.mandatory = false;
  return givenFlags(table, command.parse(args, { from: 'user' }).opts());
}

const argsOf = (row: Option): string[] => [`--${row.flag}`, ...('value' in row ? ['1'] : [])];

function expectedOf(row: Option): unknown {
  if ('switch' in row) return true;
  return row.value.kind === 'texts' ? ['1'] : '1';
}

const tables = new Set(Object.values(VERB_TABLES).flat() as Table[]);

for (const table of tables) {
  const flags = Object.values(table).map(({ flag }) => flag);
  test(`every flag that is given arrives under its own name, and no other: ${flags.join(', ')}`, (t) => {
    for (const row of Object.values(table)) {
      const found = Object.entries(given(table, ...argsOf(row))).filter(([, value]) => value !== undefined);
      t.deepEqual(found, [[row.flag, expectedOf(row)]]);
    }
    t.true(Object.values(given(table)).every((value) => value === undefined));
  });
}

test('an option that may be repeated arrives with all of its values, in order', (t) => {
  const [install] = VERB_TABLES.install;
  t.deepEqual(given(install, '--env', 'A=1', '--env', 'B=2').env, ['A=1', 'B=2']);
});
