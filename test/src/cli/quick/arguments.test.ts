/** The arguments of the quick verbs: the same as commander makes of them, or left to the whole command line. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { Command } from 'commander';
import { addOptions } from '../../../../src/cli/commands/shared.ts';
import { givenFlags } from '../../../../src/cli/given-flags.ts';
import { quickArguments } from '../../../../src/cli/quick/arguments.ts';
import * as call from '../../../../src/cli/quick/call.ts';
import * as list from '../../../../src/cli/quick/list.ts';
import * as status from '../../../../src/cli/quick/status.ts';
import type { Table } from '../../../../src/options/option.ts';
import { VERB_TABLES } from '../../../../src/options/verb-tables.ts';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const read = (name: string): string => readFileSync(join(root, name), 'utf8');

type Parsed = { words: readonly string[]; flags: readonly unknown[] };

/** Undefined for what commander refuses, and for a request for help. */
function withCommander(args: readonly string[], tables: readonly Table[]): Parsed | undefined {
  const command = new Command()
    .exitOverride()
    .configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  for (const table of tables) addOptions(command, table);
  command.argument('[words...]').action(() => undefined);
  try {
    command.parse(args, { from: 'user' });
  } catch {
    return undefined;
  }
  return { words: command.args, flags: tables.map((table) => givenFlags(table, command.opts())) };
}

function quickly(args: readonly string[], tables: readonly Table[]): Parsed | undefined {
  const given = quickArguments(args, tables);
  return given && { words: given.words, flags: tables.map((table) => givenFlags(table, given.flags)) };
}

const PARSED: readonly string[][] = [
  [],
  ['a', 'add', '1', '2'],
  ['a', '-'],
  ['--json', 'a', 'add'],
  ['a', '--timeout', '5', 'add', '--json', '--json'],
  ['a', '--timeout=5', '--timeout', '6'],
  ['a', '--params', '-', '--no-md5'],
  ['a', '--params=-1', 'b'],
  ['a', '--params='],
  ['a', '--params', ''],
  ['a', '--params={"a":"b=c"}'],
  ['a', '--authkey-file', 'key', '--server-uid', '1,2', '--raw'],
  ['a', '--', '--json', '-5', '--'],
  ['', 'a b', 'ü'],
];

const LEFT: readonly string[][] = [
  ['a', '--nonsense'],
  ['a', '--help'],
  ['a', '-h'],
  ['a', '-5'],
  ['a', '--md5'],
  ['a', '--jso'],
  ['a', '--json=yes'],
  ['a', '--timeout'],
  ['a', '--params', '--json'],
  ['a', '--__proto__'],
  ['a', '---'],
];

test('arguments that are read quickly are read as commander reads them', (t) => {
  for (const args of PARSED) {
    const parsed = quickly(args, call.tables);
    t.truthy(parsed, args.join(' '));
    t.deepEqual(parsed, withCommander(args, call.tables), args.join(' '));
  }
});

test('what is wrong, or may be, is left to the whole command line', (t) => {
  for (const args of LEFT) t.is(quickArguments(args, call.tables), undefined, args.join(' '));
});

test('what commander refuses is never read quickly', (t) => {
  const pieces = ['a', '--json', '--timeout', '5', '--no-md5', '--', '-', '-x', '--params=1', '--json=1', '--help'];
  for (const first of pieces) {
    for (const second of pieces) {
      for (const third of pieces) {
        const args = [first, second, third];
        const parsed = quickly(args, call.tables);
        if (parsed !== undefined) t.deepEqual(parsed, withCommander(args, call.tables), args.join(' '));
      }
    }
  }
});

test('repeated options and short names are read as the whole command line reads them', (t) => {
  for (const args of [
    ['a', 'm', '--text-arg', 'x', '--text-arg=y', '-r'],
    ['-r', '--text-arg', '', 'a'],
    ['a', '-r', '-r', '--', '-r'],
  ])
    t.deepEqual(quickly(args, call.tables), withCommander(args, call.tables), args.join(' '));
  // What a short name may be combined with, only the whole command line knows.
  for (const args of [['-rr'], ['-r=1'], ['-x'], ['--text-arg']]) t.is(quickly(args, call.tables), undefined);
});

for (const [verb, { tables, start }] of Object.entries({ call, list, status })) {
  test(`${verb} has the options of its tables, and leaves wrong usage to the whole command line`, (t) => {
    t.deepEqual([...tables], [...VERB_TABLES[verb as keyof typeof VERB_TABLES]]);
    t.false(start(['--nonsense']));
    t.false(start(verb === 'list' ? ['a'] : []));
    if (verb !== 'status') return;
    t.false(start(['a', 'b']));
    t.false(start(['a', '--options']));
  });
}

test('the program, its build and an installation agree about the quick verbs', (t) => {
  const verbs = ['call', 'list', 'status', 'complete', 'mcp'];
  const namesIn = (file: string, pattern: RegExp): string[] =>
    [...(pattern.exec(read(file))?.[1] ?? '').matchAll(/'([^']+)'/g)].map(([, name]) => String(name));
  t.deepEqual(namesIn('bin/launchpool.cjs', /\[([^\]]+)\]\.indexOf\(args\[0\]\)/), [...verbs, '--version']);
  t.deepEqual(namesIn('build/runtime.ts', /QUICK_VERBS = \[([^\]]+)\]/), verbs);
  t.deepEqual(
    namesIn('src/installed/runtime-files.ts', /QUICK_VERBS = \[([^\]]+)\]/),
    verbs.map((verb) => `${verb}.js`),
  );
});
