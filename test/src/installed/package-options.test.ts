/** Options in the package.json of a module: where they are found, and which other options stand above them. */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { changedSources } from '../../../src/installed/changed-sources.ts';
import { describeOptions } from '../../../src/installed/described-options.ts';
import {
  atOrigin,
  changedOptions,
  devFlags,
  packageOptionsOf,
  withoutPackage,
  withPackageOptions,
} from '../../../src/installed/package-options.ts';
import { invalidOption } from '../../../src/options/parse-value.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

/** Writes files, objects as JSON; returns the path of each by its name. */
async function write(t: ExecutionContext, files: Readonly<Record<string, unknown>>): Promise<(name: string) => string> {
  const folder = await tempDir(t);
  const pathOf = (name: string): string => join(folder, name);
  for (const [name, content] of Object.entries({ 'agent.ts': '', ...files })) {
    await mkdir(dirname(pathOf(name)), { recursive: true });
    await writeFile(pathOf(name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return pathOf;
}

test('the nearest package.json counts, that of the real module, and none beyond a node_modules', async (t) => {
  const pathOf = await write(t, {
    'package.json': { launchpool: { idle: 1 } },
    'inner/package.json': { launchpool: { idle: 2 } },
    'inner/src/agent.ts': '',
    'inner/node_modules/agent.ts': '',
    'bare/package.json': {},
    'bare/agent.ts': '',
  });
  const idleOf = (module: string): unknown => packageOptionsOf(pathOf(module))?.options.idle;
  t.deepEqual(['agent.ts', 'inner/src/agent.ts', 'bare/agent.ts'].map(idleOf), ['1', '2', undefined]);
  t.is(packageOptionsOf(pathOf('inner/node_modules/agent.ts')), undefined);
  await symlink(pathOf('inner/src/agent.ts'), pathOf('link.ts'));
  t.is(idleOf('link.ts'), '2');
});

test('the command line stands above the package.json, variable by variable and entry by entry', async (t) => {
  const pathOf = await write(t, {
    'package.json': {
      launchpool: {
        ...{ label: 'other', idle: 30, threads: 2, md5: false, keepQuietClients: false, tcp: '127.0.0.1:7000' },
        ...{ env: { A: 'package', B: 'package' }, include: ['x/**', 'y'], authkeyFile: 'key', copyNode: true },
      },
    },
  });
  const path = pathOf('package.json');
  const { origins, section, ...merged } = withPackageOptions({
    module: pathOf('agent.ts'),
    label: 'given',
    agent: { idle: '5', threads: undefined },
    env: { A: 'given' },
    include: ['y'],
    bundleIdentifiers: [],
  });
  t.deepEqual(merged, {
    module: pathOf('agent.ts'),
    label: 'given',
    agent: { idle: '5', threads: '2', 'no-md5': true, 'keep-quiet-clients': false, 'authkey-file': pathOf('key') },
    env: { A: 'given', B: 'package' },
    include: ['y', 'x/**'],
    bundleIdentifiers: [],
    tcp: '127.0.0.1:7000',
    copyNode: true,
  } as never);
  const names = ['env.B', 'include.x/**', 'tcp', 'copyNode', 'threads', 'md5', 'keepQuietClients', 'authkeyFile'];
  t.deepEqual(origins, Object.fromEntries(names.map((name) => [name, path])));
  t.is(section?.path, path);
  t.deepEqual(withoutPackage(merged, origins), {
    module: pathOf('agent.ts'),
    label: 'given',
    agent: { idle: '5' },
    env: { A: 'given' },
    include: ['y'],
    bundleIdentifiers: [],
  });
});

test('without options in a package.json, the given ones stay as they are, in their order', async (t) => {
  const pathOf = await write(t, { 'package.json': { launchpool: { label: 'a' } } });
  const given = { module: pathOf('agent.ts'), label: 'a', agent: { threads: 2, idle: 1 } };
  const { origins, section: _section, ...merged } = withPackageOptions(given);
  t.is(JSON.stringify(merged), JSON.stringify(given));
  t.deepEqual(origins, {});
});

test('of several agents, each has its own options above those of all', async (t) => {
  const agents = { './a.ts': { label: 'a', threads: 3, env: { B: 'a' } }, 'src/b.ts': { label: 'b' } };
  const pathOf = await write(t, {
    'package.json': { launchpool: { idle: 1, threads: 2, env: { A: 'all', B: 'all' }, agents } },
    'a.ts': '',
    'src/b.ts': '',
  });
  const of = (name: string): unknown => packageOptionsOf(pathOf(name))?.options;
  t.deepEqual(of('a.ts'), { idle: '1', threads: '3', label: 'a', env: { A: 'all', B: 'a' } });
  t.deepEqual(of('src/b.ts'), { idle: '1', threads: '2', label: 'b', env: { A: 'all', B: 'all' } });
  t.deepEqual(of('agent.ts'), { idle: '1', threads: '2', env: { A: 'all', B: 'all' } });
});

test('an agent whose module is not there is refused by its path', async (t) => {
  const pathOf = await write(t, { 'package.json': { launchpool: { agents: { './src/gone.ts': {} } } } });
  t.throws(() => packageOptionsOf(pathOf('agent.ts')), {
    code: 'ERR_LAUNCHPOOL_OPTION_INVALID',
    message: `launchpool.agents["./src/gone.ts"] in ${pathOf('package.json')}: there is no such file`,
  });
});

test('a package.json that is no JSON is refused, with the place of the fault', async (t) => {
  const pathOf = await write(t, { 'package.json': '{\n  "name": "a",\n  "launchpool": { idle: 5 }\n}' });
  const error = t.throws(() => packageOptionsOf(pathOf('agent.ts')), { code: 'ERR_LAUNCHPOOL_OPTION_INVALID' });
  t.true(error?.message.startsWith(`${pathOf('package.json')} cannot be read: `), error?.message);
  t.regex(String(error?.message), /line 3 column 19/);
});

test('dev takes the flags of the agent, below its own', async (t) => {
  const pathOf = await write(t, { 'package.json': { launchpool: { label: 'a', idle: 5, threads: 2, tcp: 'x' } } });
  const { flags, origins } = devFlags(pathOf('agent.ts'), { threads: '4', drain: undefined });
  t.deepEqual([flags.idle, flags.threads], ['5', '4']);
  t.deepEqual(origins, { idle: pathOf('package.json') });
  t.false('tcp' in flags);
});

test('an error that names a flag names the package.json if the option is there', (t) => {
  const origins = { minThreads: '/p/package.json' };
  const messageOf = (message: string): unknown => (atOrigin(invalidOption(message), origins) as Error).message;
  t.is(messageOf('--min-threads 5: too many'), 'launchpool.minThreads in /p/package.json: 5: too many');
  t.is(messageOf('--threads 5: too many'), '--threads 5: too many');
  t.is((atOrigin(new Error('--min-threads 5'), origins) as Error).message, '--min-threads 5');
});

test('a changed section is a changed source, and any other change of the package.json is none', async (t) => {
  const pathOf = await write(t, { 'package.json': { launchpool: { idle: 5 } } });
  const path = pathOf('package.json');
  const state = packageOptionsOf(pathOf('agent.ts'))?.state;
  const changed = (): string[] => changedSources(state === undefined ? [] : [state]);
  t.deepEqual(changed(), []);
  await writeFile(path, JSON.stringify({ version: '2.0.0', launchpool: { idle: 5 } }, null, 2));
  t.deepEqual(changed(), []);
  await writeFile(path, JSON.stringify({ version: '2.0.0', launchpool: { idle: 6 } }));
  t.deepEqual(changed(), [path]);
  await writeFile(path, '{}');
  t.deepEqual(changed(), [path]);
});

test('the options that a package.json changes are named', (t) => {
  const path = '/p/package.json';
  const before = {
    options: { agent: { idle: '5', threads: '1' }, env: { A: '1' } },
    origins: { idle: path, 'env.A': path },
  };
  const now = {
    options: { agent: { idle: '5', threads: '2' }, env: { A: '2' }, include: ['x'] },
    origins: { idle: path, threads: path, 'env.A': path, 'include.x': path },
  };
  t.deepEqual(changedOptions(before, now), ['env.A', 'threads', 'include.x']);
});

test('every option is described, with its value and its origin', (t) => {
  const path = '/p/package.json';
  const described = describeOptions({
    options: {
      agent: { idle: '5', threads: '2', 'no-md5': true },
      env: { A: '1', B: '2' },
      include: ['x'],
      bundleIdentifiers: [],
    },
    origins: { threads: path, 'env.B': path },
  });
  const of = (name: string): unknown => described.find((option) => option.name === name);
  t.deepEqual(of('idle'), { name: 'idle', value: '5', origin: 'install' });
  t.deepEqual(of('threads'), { name: 'threads', value: '2', origin: 'package', path });
  t.deepEqual(of('md5'), { name: 'md5', value: false, origin: 'install' });
  t.deepEqual(of('keepQuietClients'), { name: 'keepQuietClients', value: false, origin: 'default' });
  t.deepEqual(of('env.A'), { name: 'env.A', value: '1', origin: 'install' });
  t.deepEqual(of('env.B'), { name: 'env.B', value: '2', origin: 'package', path });
  t.deepEqual(of('include.x'), { name: 'include.x', value: 'x', origin: 'install' });
  t.deepEqual(of('drain'), { name: 'drain', value: '10', origin: 'default' });
  t.deepEqual(of('tcp'), { name: 'tcp', value: null, origin: 'default', note: 'the UNIX socket only' });
  t.is(of('label'), undefined);
});
