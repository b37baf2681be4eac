/** Labels: an invalid label is refused, a valid one has its own folder. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, normalize } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { status } from '../../../src/control/status.ts';
import { install } from '../../../src/install/install.ts';
import { restart } from '../../../src/install/restart.ts';
import { uninstall } from '../../../src/install/uninstall.ts';
import { upgrade } from '../../../src/install/upgrade.ts';
import { type Host, hostOf } from '../../../src/installed/host.ts';
import { layoutOf, parentOf } from '../../../src/installed/layout.ts';
import { LaunchpoolError } from '../../../wire/errors.ts';
import { ask, createInstallBench } from '../../helpers/install-bench.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { tracesIn } from '../../helpers/tree.ts';

const INVALID = { code: 'ERR_LAUNCHPOOL_ADDRESS_INVALID' };
const HOSTILE = [
  '',
  '.',
  '..',
  '...',
  '../x',
  '../../etc/x',
  'a/../../x',
  '/etc/x',
  'a/b',
  'a b',
  ' a',
  '%h',
  'a%i',
  'a&b',
  '<a>',
  'a"b',
  "a'b",
  'a$b',
  'a;b',
  'a\\b',
  'a\nb',
  'a\n',
  'a\r',
  'a\tb',
  'a\0b',
  '-a',
  '--user',
  'a@b',
  'a:b',
  'é',
  '文',
  '😀',
  'a\u202eb',
  'x-control',
  'x.control',
];

for (const platform of ['darwin', 'linux'] as const) {
  test(`on ${platform}, every command refuses invalid labels and writes nothing`, async (t) => {
    const folder = await tempDir(t);
    const home = join(folder, 'h');
    await mkdir(home);
    const module = join(folder, 'agent.ts');
    await writeFile(module, 'export const version = (): number => 1;');
    const before = tracesIn(folder);
    const commands: string[] = [];
    const host: Partial<Host> = {
      platform,
      home,
      uid: 501,
      env: { XDG_RUNTIME_DIR: join(folder, 'run') },
      run: async (command) => {
        commands.push(command.join(' '));
        return { status: 1, stdout: '', stderr: '' };
      },
    };
    for (const label of HOSTILE) {
      for (const command of [install, uninstall, upgrade, restart, status]) {
        const calling = async (): Promise<unknown> => command({ label, module, host });
        const error = await t.throwsAsync(calling(), INVALID, `${command.name} ${JSON.stringify(label)}`);
        t.truthy((error as LaunchpoolError).hint);
      }
    }
    t.deepEqual(tracesIn(folder), before);
    t.deepEqual(commands, []);
  });

  test(`on ${platform}, a label that makes the socket path too long is refused, with the number of bytes in excess`, async (t) => {
    const home = join(await tempDir(t), 'h');
    await mkdir(home);
    const host = hostOf({ platform, home, uid: 501, env: { XDG_RUNTIME_DIR: '/run/user/501' } });
    const { agent, control } = layoutOf('x', host).sockets;
    const longest = Math.max(agent.length, control.length);
    const fitting = 'x'.repeat(1 + 103 - longest);
    t.is(layoutOf(fitting, host).sockets.control.length, 103);
    for (const excess of [1, 2, 17, 400]) {
      const label = fitting + 'y'.repeat(excess);
      const error = await t.throwsAsync(install({ label, module: '/no/module.ts', host }), INVALID);
      const { message, hint } = error as LaunchpoolError;
      const [, counted, path = ''] = /has (\d+) bytes.*: (\/.*)$/.exec(message) ?? [];
      const bytes = Buffer.byteLength(path);
      t.is(Number(counted), bytes);
      t.true(bytes > 103 && path.includes(label));
      t.regex(hint ?? '', new RegExp(`a label or a folder that is ${bytes - 103} bytes shorter`));
    }
    t.deepEqual(tracesIn(home), []);
  });
}

test.serial('in a long home folder, an agent with the longest label that fits answers', async (t) => {
  const bench = await createInstallBench(t, 'launchd');
  if (bench === undefined) return;
  const room = 103 - Buffer.byteLength(layoutOf('x', hostOf(bench.options.host)).sockets.control) + 1;
  const label = `A_1.${'x'.repeat(room - 5)}.`;
  const { socket } = await bench.install({ label });
  t.is(await ask(socket, 'version'), 1);
  await uninstall({ ...bench.options, label });
  t.deepEqual(tracesIn(bench.home), []);
});

const anyLabel = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 120 }),
  fc.string({ unit: fc.constantFrom('a', '.', '-', '/', '_', '9', '%', '\n', ' '), maxLength: 30 }),
  fc.string({ unit: fc.constantFrom('a', 'Z', '.', '-', '_', '9'), minLength: 1, maxLength: 60 }),
);

for (const platform of ['darwin', 'linux'] as const) {
  test(`on ${platform}, any text is refused as a label, or all its paths are under its own name`, (t) => {
    const env = { XDG_RUNTIME_DIR: '/run/user/501' };
    const host = hostOf({ platform, home: '/h', uid: 501, env });
    const parent = parentOf(host);
    let accepted = 0;
    fc.assert(
      fc.property(anyLabel, (label) => {
        let layout: ReturnType<typeof layoutOf>;
        try {
          layout = layoutOf(label, host);
        } catch (error) {
          return error instanceof LaunchpoolError && error.code === INVALID.code;
        }
        accepted += 1;
        const { sockets, folder, ...inside } = layout;
        const paths = [...Object.values(inside), ...(platform === 'darwin' ? Object.values(sockets) : [])];
        return (
          folder === `${parent}/${label}` &&
          normalize(folder) === folder &&
          paths.every((path) => path.startsWith(`${folder}/`) && normalize(path) === path) &&
          Object.values(sockets).every((path) => Buffer.byteLength(path) <= 103) &&
          (platform === 'darwin' || sockets.agent === `/run/user/501/${label}.sock`)
        );
      }),
      { numRuns: 2_000 },
    );
    t.true(accepted > 100, `only ${accepted} were labels`);
  });

  test(`on ${platform}, no two labels share a path`, (t) => {
    const host = hostOf({ platform, home: '/h', uid: 501, env: { XDG_RUNTIME_DIR: '/r' } });
    const part = fc.constantFrom('a', 'control', 'sock', 'socket', 'service', 'launchpool.json', 'versions');
    const label = fc.tuple(part, fc.constantFrom('.', '-', '_'), part).map((parts) => parts.join(''));
    const pathsOf = (text: string): string[] => {
      try {
        const { sockets, ...rest } = layoutOf(text, host);
        const units = [`${text}.service`, `${text}.socket`, `${text}-control.socket`];
        return [...Object.values(rest), ...Object.values(sockets), ...units];
      } catch {
        return [];
      }
    };
    fc.assert(
      fc.property(fc.oneof(part, label), fc.oneof(part, label), (one, other) => {
        const taken = new Set(pathsOf(one));
        return one === other || !pathsOf(other).some((path) => taken.has(path));
      }),
    );
    t.pass();
  });
}
