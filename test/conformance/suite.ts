/** What every supervisor must do with an agent, from its installation to its uninstallation. */
import { hash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import type { Supervisor } from '../../job/supervisor.ts';
import { close, connect } from '../../src/client/index.ts';
import { type AgentStatus, status } from '../../src/control/status.ts';
import { type Installed, install } from '../../src/install/install.ts';
import { restart } from '../../src/install/restart.ts';
import { rollback } from '../../src/install/return-to-version.ts';
import { start } from '../../src/install/start.ts';
import { stop } from '../../src/install/stop.ts';
import { uninstall } from '../../src/install/uninstall.ts';
import { upgrade } from '../../src/install/upgrade.ts';
import { versions } from '../../src/installed/agent-versions.ts';
import type { Host } from '../../src/installed/host.ts';
import type { InstallOptions } from '../../src/installed/install-options.ts';
import { placeOf } from '../../src/installed/place.ts';
import { readModuleFile } from '../../src/module/module-file.ts';
import { isAlive } from '../helpers/activator.ts';
import { pidAt, waitForShutdown } from '../helpers/agent-process.ts';
import { heldCall } from '../helpers/held-call.ts';
import { lastingNode } from '../helpers/lasting-node.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { RECHECK_MS } from '../helpers/until.ts';
import '../helpers/built-runtime.ts';

/** A machine as an installer sees it. */
export type Ground = {
  host: Partial<Host>;
  supervisor?: Supervisor;
  /** The commands that were run to change something. */
  changes(): string[];
  /** All files that an agent of that label may leave, with their contents: test/helpers/tree.ts. */
  tree(label: string): string[];
  /** The files of that label that are left after its uninstallation. @default those of `tree` with the label in their path */
  left?(label: string): string[];
  /** What is left of agents of these labels, beside files: loaded jobs. @default none */
  loaded?(labels: readonly string[]): Promise<string[]>;
  /** Has the supervisor read its files again, and load what it loads after a restart of the machine. @default nothing */
  reboot?(): Promise<void>;
};
/** The shortest uptime that no supervisor treats as a crash. */
const SHORT = { idle: 0.1, 'min-uptime': 1.2 };

type Agent = { version(): number; pid(): number; die(): void };

const moduleText = (version: number): string => `
  export const version = (): number => ${version};
  export const pid = (): number => process.pid;
  export function die(): void {
    process.kill(process.pid, 'SIGKILL');
  }
`;

/** See test/helpers/held-call.ts. */
const HOLD = `
  import { once } from 'node:events';
  import { connect } from 'node:net';
  export async function hold(path: string): Promise<string> {
    await once(connect(path).resume(), 'end');
    return 'held';
  }
`;

const UNUSABLE = [
  ['cannot be bundled', 'export const = 1;', 'bundle', 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED'],
  [
    'throws while it loads',
    "throw new Error('no'); export const a = () => 1;",
    'module',
    'ERR_LAUNCHPOOL_MODULE_NOT_LOADED',
  ],
  ['exports nothing', 'export const a = 1;', 'module', 'ERR_LAUNCHPOOL_MODULE_NO_EXPORTS'],
  [
    'fails in its setup',
    "export const a = () => 1; export function setup() { throw new Error('no'); }",
    'module',
    'ERR_LAUNCHPOOL_MODULE_NOT_LOADED',
  ],
  [
    'kills its process in its setup',
    "export const a = () => 1; export function setup() { process.kill(process.pid, 'SIGKILL'); }",
    'module',
    'ERR_LAUNCHPOOL_MODULE_NOT_LOADED',
  ],
  [
    'fails in the agent alone',
    "export const a = () => 1; export function setup() { if (process.execArgv.length > 0) throw new Error('no'); }",
    'verify',
    'ERR_LAUNCHPOOL_MODULE_NOT_LOADED',
  ],
] as const;

type Bench = Omit<Ground, 'tree'> & {
  tree(): string[];
  module: string;
  options: InstallOptions;
  install(more?: Partial<InstallOptions>): Promise<Installed>;
  status(): Promise<AgentStatus>;
  write(text: string): Promise<void>;
};

/**
 * @param name of the supervisor, for the titles.
 * @param lay makes the ground of a test. Undefined, and reported as not tested, if this machine does not have the supervisor.
 */
export function conformance(name: string, lay: (t: ExecutionContext) => Promise<Ground | undefined>): void {
  const grounds = new Map<string, Ground>();
  const left: string[] = [];
  // Each has a label of its own: on a Mac, all of them are in the home folder of the user who runs the tests.
  const labelOf = (): string => `com.example.conformance${process.pid}x${grounds.size + 1}`;

  const it = (title: string, body: (t: ExecutionContext, bench: Bench) => Promise<void>): void => {
    test.serial(`${name}: ${title}`, async (t) => {
      t.timeout(120_000);
      const ground = await lay(t);
      if (ground === undefined) return;
      const module = join(await tempDir(t), 'agent.ts');
      const write = (text: string): Promise<void> => writeFile(module, text);
      await write(moduleText(1));
      const { host, supervisor } = ground;
      const label = labelOf();
      grounds.set(label, ground);
      const options: InstallOptions = {
        module,
        label,
        node: lastingNode(),
        agent: SHORT,
        host,
        supervisor,
      };
      // Whatever happens in the test.
      t.teardown(async () => {
        await uninstall(options).catch((error: Error) => left.push(`${t.title}: ${error.message}`));
        left.push(...(ground.left?.(label) ?? ground.tree(label).filter((path) => path.includes(label))));
      });
      await body(t, {
        ...ground,
        tree: () => ground.tree(label),
        module,
        options,
        install: (more = {}) => install({ ...options, ...more }),
        status: () => status(options),
        write,
      });
    });
  };

  it('an agent is installed, answers, exits, answers again, and leaves nothing when it is uninstalled', async (t, bench) => {
    const before = bench.tree();
    const { socket, folder, outcome, methods } = await bench.install();
    t.deepEqual([outcome, methods], ['installed', ['die', 'pid', 'version']]);
    const { entry } = JSON.parse(readFileSync(join(folder, 'current', 'launchpool-module.json'), 'utf8'));
    t.deepEqual(readModuleFile(join(realpathSync(join(folder, 'current')), entry)), { kind: 'rpc', methods });
    const first = await pidAt(socket);
    await waitForShutdown(socket);
    await settled(bench, 'idle');
    const second = await pidAt(socket);
    t.not(second, first);
    t.is((await uninstall(bench.options)).outcome, 'uninstalled');
    t.deepEqual(bench.tree(), before);
    t.deepEqual([first, second].filter(isAlive), []);
    t.is((await bench.status()).state, 'not-installed');
    t.is((await uninstall(bench.options)).outcome, 'not-installed');
  });

  it('reading the status starts no agent', async (t, bench) => {
    const { socket } = await bench.install();
    await waitForShutdown(socket);
    await settled(bench, 'idle');
    for (let times = 0; times < 3; times += 1) {
      const { state, pid, listening } = await bench.status();
      t.deepEqual([state, pid, listening], ['idle', undefined, true]);
    }
  });

  it('every connection is answered, after each exit of the agent', async (t, bench) => {
    const { socket } = await bench.install();
    const pids = new Set<number>();
    for (let lives = 0; lives < 3; lives += 1) {
      pids.add(await pidAt(socket));
      await waitForShutdown(socket);
    }
    t.is(pids.size, 3);
  });

  it('the next connection starts an agent that has crashed', async (t, bench) => {
    const { socket } = await bench.install({ agent: {} });
    const agent = await connect<Agent>(socket);
    const before = await agent.pid();
    await t.throwsAsync(agent.die(), { code: 'ERR_LAUNCHPOOL_CONNECTION_CLOSED' });
    t.not(await pidAt(socket), before);
    t.true((await bench.status()).listening);
  });

  it('during an upgrade, no call of eight clients fails, and then the new code answers', async (t, bench) => {
    const { socket } = await bench.install({ agent: {} });
    const clients = await Promise.all(Array.from({ length: 8 }, () => connect<Agent>(socket)));
    // Nothing orders the replies of different connections.
    const seen: number[][] = clients.map(() => []);
    let isOver = false;
    const calling = clients.map(async (client, index) => {
      // The pause leaves processor time to the upgrade.
      for (; !isOver; await wait(2)) seen[index]?.push(await client.version());
    });
    await bench.write(moduleText(2));
    const { outcome } = await bench.install({ agent: {} });
    t.is(outcome, 'upgraded');
    const answers = await Promise.all(clients.map((client) => client.version()));
    isOver = true;
    await t.notThrowsAsync(Promise.all(calling));
    await Promise.all(clients.map(close));
    t.deepEqual(new Set(answers), new Set([2]));
    t.deepEqual(new Set(seen.flat()), new Set([1, 2]));
    for (const own of seen) t.deepEqual(own.toSorted(), own);
  });

  it('a restart replaces the process', async (t, bench) => {
    const { socket } = await bench.install({ agent: {} });
    const before = await pidAt(socket);
    const restarted = await restart(bench.options);
    t.is(restarted.before, before);
    t.is(await pidAt(socket), restarted.pid);
    t.is((await bench.status()).pid, restarted.pid);
    t.not(restarted.pid, before);
    t.false(isAlive(before));
  });

  for (const [way, mend] of [
    ['an upgrade', (bench: Bench) => bench.install({ agent: {} })],
    ['a restart', (bench: Bench) => restart(bench.options)],
  ] as const) {
    it(`a socket that was removed is not listening, and ${way} makes it again`, async (t, bench) => {
      const { socket } = await bench.install({ agent: {} });
      const { control } = placeOf(bench.options).layout.sockets;
      const before = await pidAt(socket);
      for (const path of [socket, control]) {
        rmSync(path);
        const found = await bench.status();
        t.like(found, { state: 'failed', listening: false }, path);
        t.is(
          found.detail,
          `the socket ${path} was removed: \`launchpool upgrade ${bench.options.label}\` makes it again`,
        );
        await mend(bench);
        t.not(await pidAt(socket), before);
        t.like(await bench.status(), { state: 'running', listening: true, detail: undefined });
      }
    });
  }
  it('a stopped agent replies to its open requests, and then holds no socket, until it is started', async (t, bench) => {
    await bench.write(`${HOLD}${moduleText(1)}`);
    const { socket } = await bench.install({ agent: {} });
    const client = await connect<Agent & { hold(path: string): string }>(socket);
    const { path, running, release } = await heldCall(t);
    const held = client.hold(path);
    const pid = await pidAt(socket);
    await running;
    const stopping = stop(bench.options);
    while (isServing(await bench.status())) await wait(RECHECK_MS);
    release();
    t.is(await held, 'held');
    t.deepEqual(await stopping, { label: bench.options.label, outcome: 'stopped', pid });
    t.deepEqual([isAlive(pid), existsSync(socket)], [false, false]);
    await close(client);
    await bench.reboot?.();
    t.like(await bench.status(), { state: 'stopped', listening: false, pid: undefined });
    await t.throwsAsync(connect(socket, { activationMs: 0 }), { code: 'ERR_LAUNCHPOOL_CONNECT_FAILED' });
    await t.throwsAsync(restart(bench.options), { code: 'ERR_LAUNCHPOOL_STOPPED' });

    const before = [bench.tree(), bench.changes()];
    t.is((await stop(bench.options)).outcome, 'already-stopped');
    t.is((await bench.install({ agent: {} })).outcome, 'unchanged');
    t.deepEqual([bench.tree(), bench.changes()], before);

    const started = await start(bench.options);
    t.is(started.outcome, 'started');
    t.is(await pidAt(socket), started.pid as number);
    const changes = bench.changes();
    t.deepEqual(await start(bench.options), { ...started, outcome: 'already-started' });
    t.deepEqual(bench.changes(), changes);
    await bench.reboot?.();
    t.true((await pidAt(socket)) > 0);
  });

  it('an upgrade of a stopped agent does not start it, and the start has the new version', async (t, bench) => {
    const { socket } = await bench.install({ agent: {}, env: { GREETING: 'one' } });
    await stop(bench.options);
    await bench.write(moduleText(2));
    const { outcome, isStopped, notes } = await upgrade(bench.options);
    t.deepEqual([outcome, isStopped], ['upgraded', true]);
    t.true(notes.some((note) => note.includes(`launchpool start ${bench.options.label}`)));
    // Other options change the supervisor's files, too.
    t.is((await bench.install({ agent: { threads: 1 } })).isStopped, true);
    t.like(await bench.status(), { state: 'stopped', listening: false });
    t.false(existsSync(socket));
    await start(bench.options);
    const agent = await connect<Agent>(socket);
    t.is(await agent.version(), 2);
    await close(agent);
  });

  it('an agent whose start fails stays stopped', async (t, bench) => {
    const { folder } = await bench.install({ agent: {} });
    await stop(bench.options);
    const [text, entry] = entryIn(folder);
    await writeFile(entry, 'throw new Error("damaged");');
    const before = bench.tree();
    const error = await t.throwsAsync(start(bench.options), { code: 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED' });
    t.is((error as { data?: { step: string } }).data?.step, 'verify');
    t.like(await bench.status(), { state: 'stopped', listening: false, pid: undefined });
    t.deepEqual(withoutTimes(bench.tree()), withoutTimes(before));
    await writeFile(entry, text);
    t.is((await start(bench.options)).outcome, 'started');
  });

  it('during a rollback, no call of eight clients fails, and a second rollback undoes the first', async (t, bench) => {
    const { socket, id: first } = await bench.install({ agent: {} });
    await bench.write(moduleText(2));
    const { id: second } = await bench.install({ agent: {} });
    const clients = await Promise.all(Array.from({ length: 8 }, () => connect<Agent>(socket)));
    let isOver = false;
    const calling = clients.map(async (client) => {
      for (; !isOver; await wait(2)) await client.version();
    });
    t.like(await rollback(bench.options), { outcome: 'rolled-back', from: second, id: first, isStopped: false });
    t.deepEqual(new Set(await Promise.all(clients.map((client) => client.version()))), new Set([1]));
    const listed = (await versions(bench.options)).map(({ id, isCurrent }) => [id, isCurrent]);
    t.deepEqual(listed, [
      [first, true],
      [second, false],
    ]);
    t.like(await rollback(bench.options), { outcome: 'rolled-back', from: first, id: second });
    isOver = true;
    await t.notThrowsAsync(Promise.all(calling));
    t.deepEqual(new Set(await Promise.all(clients.map((client) => client.version()))), new Set([2]));
    await Promise.all(clients.map(close));
  });

  it('a rollback brings back the options of that version, also of a stopped agent', async (t, bench) => {
    const greeting = 'export const greeting = (): string | undefined => process.env.GREETING;';
    const ask = async (): Promise<unknown> => {
      const agent = await connect<{ greeting(): string }>(socket);
      const answer = await agent.greeting();
      await close(agent);
      return answer;
    };
    await bench.write(`${moduleText(1)}${greeting}`);
    const { socket } = await bench.install({ agent: { threads: 1 }, env: { GREETING: 'one' } });
    await bench.write(`${moduleText(2)}${greeting}`);
    await bench.install({ agent: {}, env: { GREETING: 'two' } });
    await rollback(bench.options);
    t.is(await ask(), 'one');
    await stop(bench.options);
    t.like(await rollback(bench.options), { outcome: 'rolled-back', isStopped: true });
    t.is((await bench.status()).state, 'stopped');
    await start(bench.options);
    t.is(await ask(), 'two');
  });

  it('after a rollback to a version that does not work any more, everything is as before', async (t, bench) => {
    const { socket, folder } = await bench.install({ agent: {} });
    const [text, entry] = entryIn(folder);
    await bench.write(moduleText(2));
    await bench.install({ agent: { threads: 1 } });
    // In the check of the module, and in the agent alone.
    for (const [condition, step] of [
      ['true', 'module'],
      ['process.execArgv.length > 0', 'verify'],
    ] as const) {
      await writeFile(entry, `if (${condition}) throw new Error('damaged');\n${text}`);
      const before = withoutTimes(bench.tree());
      const error = await t.throwsAsync(rollback(bench.options), { code: 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED' });
      t.is((error as { data?: { step: string } }).data?.step, step);
      t.deepEqual(withoutTimes(bench.tree()), before);
      const agent = await connect<Agent>(socket);
      t.is(await agent.version(), 2);
      await close(agent);
    }
  });

  it('installing the same agent again changes nothing and runs no command of the supervisor', async (t, bench) => {
    const { socket } = await bench.install();
    await waitForShutdown(socket);
    await settled(bench, 'idle');
    const before = [bench.tree(), bench.changes()];
    t.is((await bench.install()).outcome, 'unchanged');
    t.deepEqual([bench.tree(), bench.changes()], before);
  });

  it('other options are applied, and the module stays', async (t, bench) => {
    await bench.install({ agent: {} });
    const { socket, outcome } = await bench.install({
      agent: { threads: 1 },
      env: { GREETING: 'a "b" $c %d <e> & \'f\'' },
    });
    t.is(outcome, 'upgraded');
    await bench.write(`export const env = (): string | undefined => process.env.GREETING;`);
    await bench.install({ agent: { threads: 1 }, env: { GREETING: 'a "b" $c %d <e> & \'f\'' } });
    const agent = await connect<{ env(): string }>(socket);
    t.is(await agent.env(), 'a "b" $c %d <e> & \'f\'');
    await close(agent);
  });

  it('an unusable module is not installed, and everything is restored', async (t, bench) => {
    const empty = bench.tree();
    for (const [what, text, step, code] of UNUSABLE) {
      await bench.write(text);
      const error = await t.throwsAsync(bench.install(), { code }, what);
      t.is((error as { data?: { step: string } }).data?.step, step, what);
      t.deepEqual(bench.tree(), empty, what);
    }

    await bench.write(moduleText(1));
    const { socket, folder } = await bench.install({ agent: {} });
    for (const [what, text, , code] of UNUSABLE) {
      await bench.write(text);
      await t.throwsAsync(bench.install({ agent: {} }), { code }, what);
      const agent = await connect<Agent>(socket);
      t.is(await agent.version(), 1, what);
      await close(agent);
      t.true(existsSync(folder), what);
    }
  });
  test.serial(`${name}: nothing is left of the agents of these tests`, async (t) => {
    t.deepEqual(left, []);
    const [first] = grounds.values();
    t.deepEqual((await first?.loaded?.([...grounds.keys()])) ?? [], []);
  });
}

/** False as soon as the process has been asked to exit: systemd closes the sockets after that, and the others before. */
function isServing({ state, listening }: AgentStatus): boolean {
  return listening && state !== 'stopping';
}

/** The text and the path of the module of the current version. */
function entryIn(folder: string): [text: string, path: string] {
  const version = realpathSync(join(folder, 'current'));
  const { entry } = JSON.parse(readFileSync(join(version, 'launchpool-module.json'), 'utf8'));
  const path = join(version, entry);
  return [readFileSync(path, 'utf8'), path];
}

/** A tree without times, and without what processes write. */
function withoutTimes(tree: readonly string[]): string[] {
  return tree
    .filter((line) => !/\/cache[ /]|\/agent\.log |\.sock\.lock /.test(line))
    .map((line) => line.replace(/( \d+) [\d.]+ /, '$1 '))
    .map((line) => (line.length <= 200 ? line : `${line.slice(0, 160)}… ${hash('sha256', line)}`));
}

/**
 * Waits for a state at the supervisor, which notices an exit with a delay. Asks the supervisor only: a request to a process
 * that is exiting would start the next one.
 */
async function settled({ options }: Bench, state: AgentStatus['state']): Promise<void> {
  const { supervisor } = placeOf(options);
  while ((await supervisor.status(options.label)).state !== state) await wait(RECHECK_MS);
}
