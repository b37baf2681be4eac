/** The package as its users get it: packed, installed in an empty folder, run from there. */
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { type Finished, runProgram, startProgram } from '../helpers/program.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const handlers = ['rpc.ts', 'raw.mjs', 'rpc.cjs', 'raw.cjs', 'client.ts', 'testing.ts'];

async function must(command: [string, ...string[]], cwd: string): Promise<Finished> {
  const finished = await runProgram(command, { cwd });
  if (finished.status !== 0) throw new Error(`${command.join(' ')}: ${finished.status}\n${finished.stderr}`);
  return finished;
}

// No other test uses the built files, so they can be built again here.
test.before(async (t) => {
  t.timeout(10 * 60_000);
  await must(['npm', 'run', 'build'], root);
});

// Serial: for the first `npx` in a checkout, npm builds it again.
test.serial(
  'a packed tarball works in an empty folder, with handlers in TypeScript, JavaScript, ESM and CommonJS',
  async (t) => {
    t.timeout(20 * 60_000);
    const folder = await tempDir(t);
    const project = join(folder, 'project');
    await mkdir(project);
    await must(['npm', 'pack', '--silent', '--ignore-scripts', '--pack-destination', folder], root);
    await writeFile(join(project, 'package.json'), '{ "private": true, "type": "module" }');
    await must(
      ['npm', 'install', '--silent', '--prefer-offline', '--no-audit', '--no-fund', `../launchpool-0.1.0.tgz`],
      project,
    );
    for (const name of handlers) await copyFile(join(root, 'test/fixtures/package', name), join(project, name));
    const launchpool = join(project, 'node_modules/.bin/launchpool');

    const outputs: Record<string, string> = {};
    for (const module of handlers.slice(0, 4)) {
      const socket = join(folder, `${module}.sock`);
      const dev = startProgram(t, [process.execPath, launchpool, 'dev', join(project, module), '--socket', socket]);
      await dev.stderr(/first connection/);
      const call = module.startsWith('raw') ? ['--raw', 'abc'] : ['greet', '"you"'];
      outputs[module] = (
        await must([process.execPath, launchpool, 'call', socket, ...call], project)
      ).stdout.toString();
      if (module === 'rpc.ts') {
        outputs['client.ts'] = (await must([process.execPath, 'client.ts', socket], project)).stdout.toString();
      }
    }
    t.deepEqual(outputs, {
      'rpc.ts': '{"text":"Hello, you"}\n',
      'client.ts': 'Hello, tarball ERR_LAUNCHPOOL_METHOD_NOT_FOUND\n',
      'raw.mjs': 'cba',
      'rpc.cjs': '{"text":"Hello, you"}\n',
      'raw.cjs': 'cba',
    });

    const tested = await must([process.execPath, '--test', 'testing.ts'], project);
    t.regex(tested.stdout.toString(), /pass 1$/m);

    const quick = async (...args: [string, ...string[]]): Promise<string> =>
      (
        await runProgram([process.execPath, launchpool, ...args], {
          env: { ...process.env, HOME: folder, XDG_DATA_HOME: '' },
        })
      ).stdout.toString();
    t.is(await quick('--version'), '0.1.0\n');
    t.is(await quick('list'), 'No agent is installed.\n');
    t.deepEqual(JSON.parse(await quick('status', 'no label', '--json')).error.code, 'ERR_LAUNCHPOOL_ADDRESS_INVALID');

    // The types of the package, for a project that checks its own sources.
    const tsc = join(root, 'node_modules/.bin/tsc');
    const types = join(root, 'node_modules/@types');
    const flags = [
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--allowImportingTsExtensions',
      '--target',
      'es2024',
    ];
    await must(
      [
        tsc,
        ...flags,
        '--lib',
        'es2024,esnext.disposable',
        '--typeRoots',
        types,
        '--types',
        'node',
        'client.ts',
        'testing.ts',
      ],
      project,
    );
  },
);

test.serial('in a checkout, `npx launchpool` is the built program', async (t) => {
  const { stdout } = await must(['npx', 'launchpool', '--version'], root);
  t.is(stdout.toString(), '0.1.0\n');
});
