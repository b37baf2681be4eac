/** The parser of `run`, held against commander, which parses the same flags for `dev` and `install`. */
import test from 'ava';
import { Command } from 'commander';
import fc from 'fast-check';
import { agentOptionsOf } from '../../../src/agent/agent-flags.ts';
import { AGENT_DEFAULTS, type AgentOptions } from '../../../src/agent/options.ts';
import { addOptions } from '../../../src/cli/commands/shared.ts';
import { givenFlags } from '../../../src/cli/given-flags.ts';
import { readArguments } from '../../../src/cli/run-arguments.ts';
import { AGENT_TABLE } from '../../../src/options/agent-table.ts';
import type { Option } from '../../../src/options/option.ts';

/** No key files: most texts name none. */
const rows = Object.values<Option>(AGENT_TABLE).filter(({ flag }) => flag !== 'authkey-file');
const given = fc.uniqueArray(
  fc.record({
    row: fc.constantFrom(...rows),
    text: fc.oneof(fc.nat({ max: 2_000 }).map(String), fc.constantFrom('auto', 'warn', '0.5', '', 'x'), fc.string()),
  }),
  { selector: ({ row }) => row.flag },
);

/** The options, or the error's message. */
function byCommander(args: readonly string[]): AgentOptions | string {
  const parsed = addOptions(new Command(), AGENT_TABLE).parse(args, { from: 'user' }).opts();
  try {
    return agentOptionsOf('/a.ts', givenFlags(AGENT_TABLE, parsed));
  } catch (error) {
    return (error as Error).message;
  }
}

test('both parsers come to the same options, or to the same error', (t) => {
  const outcomes = new Set<string>();
  const property = fc.property(given, (flags) => {
    const args = flags.flatMap(({ row, text }) => ('value' in row ? [`--${row.flag}=${text}`] : [`--${row.flag}`]));
    const { options, unfit } = readArguments(['/a.ts', ...args]);
    outcomes.add(String(unfit?.code ?? 'accepted'));
    t.deepEqual(unfit?.message ?? options, byCommander(args));
  });
  fc.assert(property, { numRuns: 500 });
  t.deepEqual([...outcomes].sort(), ['ERR_LAUNCHPOOL_OPTION_INVALID', 'accepted']);
});

test('an inspector and profiles, as `dev` asks for them', (t) => {
  const prof = ['--cpu-prof', '--heap-prof', '--prof-prefix', '/p/agent'];
  const { options, profiles } = readArguments(['/a.ts', '--inspect', '9229', '--inspect-wait', ...prof]);
  t.deepEqual(options.inspect, { port: 9229, waits: true });
  t.deepEqual(profiles, { kinds: ['cpu', 'heap'], prefix: '/p/agent' });
  t.is(readArguments(['/a.ts', '--prof-prefix', '/p/agent']).profiles, undefined);
  t.regex(String(readArguments(['/a.ts', '--inspect', '65536']).unfit?.message), /--inspect 65536: not a whole number/);
});

test('the flags of the supervisor are those of `run` alone', (t) => {
  const args = ['/a.ts', '--socket', '/a.sock', '--label', 'x', '--cache', '/c', '--log-file', '/l', '--development'];
  const { options, ...rest } = readArguments(args);
  t.deepEqual(rest, { label: 'x', logFile: '/l', profiles: undefined, nats: undefined });
  t.deepEqual(options, { ...AGENT_DEFAULTS, modulePath: '/a.ts', moduleUrl: 'file:///a.ts', development: true });
});

const WRONG: readonly (readonly string[])[] = [
  [],
  ['a.ts', 'b.ts'],
  ['a.ts', '--nonsense'],
  ['a.ts', '--idle'],
  ['a.ts', '--idle', 'soon'],
];

for (const args of WRONG) {
  test(`${JSON.stringify(args)}: the error is returned, with the defaults`, (t) => {
    const { options, unfit } = readArguments(args);
    t.is(unfit?.code, 'ERR_LAUNCHPOOL_OPTION_INVALID');
    t.truthy(unfit?.hint);
    t.deepEqual(options, { ...AGENT_DEFAULTS, moduleUrl: '' });
  });
}

test('an agent on NATS does not exit when it is idle', (t) => {
  const { options, nats } = readArguments(['/a.ts', '--nats', 'nats://host', '--name', 'x', '--idle', '5']);
  t.deepEqual(nats, { nats: 'nats://host', serviceName: 'x' });
  t.is(options.idleMs, 0);
});
