/** Flags that a program gives, on their way to the arguments of `launchpool run`. */
import { parseArgs } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import { AGENT_TABLE } from '../../../src/options/agent-table.ts';
import { argumentsOf, type FlagsOf, givenFlagsOf } from '../../../src/options/flags.ts';
import { parseOptions } from '../../../src/options/parse-options.ts';

type Flags = FlagsOf<typeof AGENT_TABLE>;

test('what is undefined or off is no argument', (t) => {
  const flags: Flags = {
    idle: 0,
    threads: undefined,
    'no-md5': true,
    'keep-quiet-clients': false,
    'allow-uid': [1, 2],
  };
  t.deepEqual(argumentsOf(givenFlagsOf(AGENT_TABLE, flags)), ['--idle', '0', '--no-md5', '--allow-uid', '1,2']);
});

test('a flag that the table does not have is refused by its name', (t) => {
  const expected = { code: 'ERR_LAUNCHPOOL_OPTION_INVALID', message: 'the agent has no flag --thread' };
  t.throws(() => givenFlagsOf(AGENT_TABLE, { thread: 2 }), expected);
  t.throws(() => givenFlagsOf(AGENT_TABLE, { threads: 2, socket: '/a' }), { message: /--socket$/ });
  // A misspelt flag that is undefined may come from a spread of options.
  t.deepEqual(givenFlagsOf(AGENT_TABLE, { thread: undefined }), {});
});

test('arguments are read as the flags that they were made of', (t) => {
  const flags = fc.record(
    {
      idle: fc.double({ min: 0, max: 1e6, noNaN: true }),
      threads: fc.oneof(fc.constant('auto' as const), fc.integer({ min: 1, max: 1024 })),
      'authkey-file': fc.string({ minLength: 1 }),
      'no-md5': fc.boolean(),
      'allow-uid': fc.array(fc.integer({ min: 0, max: 1e6 }), { minLength: 1 }),
      'log-level': fc.constantFrom('warn' as const, 'silent' as const),
    },
    { requiredKeys: [] },
  );
  const options = Object.fromEntries(
    Object.values(AGENT_TABLE).map((row) => [
      row.flag,
      { type: 'value' in row ? ('string' as const) : ('boolean' as const) },
    ]),
  );
  fc.assert(
    fc.property(flags, (given: Flags) => {
      const texts = givenFlagsOf(AGENT_TABLE, given);
      const args = argumentsOf(texts);
      t.deepEqual(
        parseOptions(AGENT_TABLE, { ...parseArgs({ args, options }).values }),
        parseOptions(AGENT_TABLE, texts),
      );
    }),
  );
});
