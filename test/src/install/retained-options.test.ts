/** An upgrade keeps every option of an installation. */
import { writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import test from 'ava';
import { withAbsolutePaths } from '../../../src/install/absolute-paths.ts';
import { retainedOptions } from '../../../src/install/retained-options.ts';
import { upgrade } from '../../../src/install/upgrade.ts';
import type { InstallOptions } from '../../../src/installed/install-options.ts';
import { readRecord } from '../../../src/installed/record.ts';
import { AGENT_TABLE } from '../../../src/options/agent-table.ts';
import { INSTALL_TABLE } from '../../../src/options/install-table.ts';
import type { Option, Value } from '../../../src/options/option.ts';
import { parseOptions } from '../../../src/options/parse-options.ts';
import { createInstallBench, moduleOf } from '../../helpers/install-bench.ts';
import { freePort } from '../../helpers/ports.ts';

/** A value that the option accepts and that is not its default. */
const SAMPLES: Readonly<Record<Value['kind'], (value: Value) => string>> = {
  seconds: () => '77',
  count: (value) => String(Math.min(7, (value as Extract<Value, { kind: 'count' }>).max)),
  bytes: () => '123456',
  mebibytes: () => '777',
  port: () => '9229',
  userIds: () => '1,2',
  choice: (value) => (value as Extract<Value, { kind: 'choice' }>).choices.at(-1) as string,
  path: () => 'a/path',
  text: () => 'text',
  texts: () => 'A=1',
};

const sampleOf = (row: Option): string | true => ('switch' in row ? true : SAMPLES[row.value.kind](row.value));
const agentRows = Object.values<Option>(AGENT_TABLE);
const agent = Object.fromEntries(agentRows.map((row) => [row.flag, sampleOf(row)]));

/** Every option of the command line, with a value that is not its default. */
function allOptions(): InstallOptions {
  const given = Object.fromEntries(
    Object.values<Option>(INSTALL_TABLE).map((row) => [row.flag, 'switch' in row ? true : sampleOf(row)]),
  );
  const { env: _pairs, label = '', ...rest } = parseOptions(INSTALL_TABLE, given);
  return { module: 'a.ts', agent, env: { A: '1' }, label, ...rest };
}

/** Only under systemd: test/src/install/on-nats.test.ts. */
const ON_NATS = [
  ...['nats', 'serviceName', 'queue', 'durable'],
  ...['maxDeliveries', 'retryDelay', 'keepResults', 'replicas', 'maxStoredMb'],
];

test('every option is retained but the label, the supervisor, and those that choose the output', (t) => {
  const retained = retainedOptions(allOptions());
  const others = Object.keys(INSTALL_TABLE).filter((key) => !(key in retained));
  t.deepEqual(others.sort(), ['dryRun', 'json', 'label', 'supervisor']);
  t.deepEqual(retained.agent, agent);
  for (const [key, value] of Object.entries(retained)) t.truthy(value, key);
});

test('the options of an earlier record stay in the same order, as a new order would reload the agent', (t) => {
  const order = [
    'agent',
    'env',
    'workingDirectory',
    'tcp',
    'processType',
    'bundleIdentifiers',
    'node',
    'copyNode',
    'log',
    'include',
    'keep',
    ...ON_NATS,
  ];
  t.deepEqual(Object.keys(retainedOptions(allOptions())), order);
});

test('every path among the options becomes absolute, and nothing else changes', (t) => {
  const options = allOptions();
  const { agent: absoluteAgent, ...absolute } = withAbsolutePaths(options);
  const isPath = (row: Option): boolean => 'value' in row && row.value.kind === 'path';
  const here = join(process.cwd(), 'a/path');
  for (const [key, row] of Object.entries<Option>(INSTALL_TABLE)) {
    const [before, after] = [options, absolute].map((found) => (found as Record<string, unknown>)[key]);
    t.deepEqual(after, isPath(row) ? here : before, key);
  }
  t.is(absolute.module, join(process.cwd(), 'a.ts'));
  for (const row of agentRows) t.is(absoluteAgent?.[row.flag], isPath(row) ? here : sampleOf(row), row.flag);
  t.deepEqual(withAbsolutePaths({ module: '/a.ts', label: 'a' }), { module: '/a.ts', label: 'a' });
});

test.serial('an installation with every option is upgraded to an installation with every option', async (t) => {
  const bench = await createInstallBench(t, 'launchd');
  if (bench === undefined) return;
  const key = join(bench.home, 'key');
  await writeFile(key, 'secret', { mode: 0o600 });
  const apart = new Set(['supervisor', 'label', ...ON_NATS]);
  const all = Object.fromEntries(Object.entries(allOptions()).filter(([name]) => !apart.has(name)));
  const options = {
    ...all,
    module: bench.module,
    // These must fit the machine.
    include: ['agent.ts'],
    node: bench.options.node,
    workingDirectory: relative(process.cwd(), bench.home),
    tcp: `127.0.0.1:${await freePort('127.0.0.1')}`,
    agent: { ...agent, 'authkey-file': relative(process.cwd(), key), 'min-uptime': 0, 'min-threads': 1 },
  };
  t.is((await bench.install(options)).outcome, 'installed');
  const before = readRecord(bench.layout);
  const { label, supervisor, host } = bench.options;
  t.is((await upgrade({ label, supervisor, host })).outcome, 'unchanged');
  await bench.write(moduleOf(2));
  t.is((await upgrade({ label, supervisor, host })).outcome, 'upgraded');
  const after = readRecord(bench.layout);
  t.not(after?.hash, before?.hash);
  t.deepEqual(after?.options, before?.options);
  const installed = Object.keys(retainedOptions(allOptions())).filter((key) => !ON_NATS.includes(key));
  t.deepEqual(Object.keys(before?.options ?? {}), installed);
  t.deepEqual(
    Object.keys((before?.options.agent ?? {}) as object),
    agentRows.map(({ flag }) => flag),
  );
});
