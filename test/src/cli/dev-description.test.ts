/** The description of `launchpool dev`: nothing waits for it, and it follows the sources. */
import { existsSync, readdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { checksPath } from '../../../description/checks-file.ts';
import { readDescription } from '../../../description/description-file.ts';
import { discover } from '../../../description/discovery.ts';
import { moduleUrlOf } from '../../../src/agent/module-url.ts';
import { createDevBundle } from '../../../src/cli/dev-bundle.ts';
import { writeTree } from '../../helpers/materialise.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { until } from '../../helpers/until.ts';
import '../../helpers/with-compile-cache.ts';

const PACKAGES = fileURLToPath(new URL('../../../node_modules', import.meta.url));

async function project(t: ExecutionContext): Promise<string> {
  t.timeout(400_000);
  const folder = await tempDir(t);
  await mkdir(join(folder, 'node_modules'));
  return join(folder, 'agent.ts');
}

test('each version of dev is described in the background', async (t) => {
  const module = await project(t);
  for (const name of ['typescript', '@typescript'])
    symlinkSync(join(PACKAGES, name), join(dirname(module), 'node_modules', name));
  writeFileSync(module, 'export const add = (a: number): number => a;\n');
  const reasons: string[] = [];
  const bundle = await createDevBundle(module, 60_000, (reason) => reasons.push(reason));
  t.teardown(() => bundle.remove());
  const result = (): unknown => readDescription(dirname(realpathSync(bundle.path)))?.methods[0]?.result.schema;
  t.is(await bundle.refresh(), undefined);
  await until(() => result() !== undefined);
  t.deepEqual(result(), { type: 'number' });
  writeFileSync(module, 'export const add = (a: string): string => a;\n');
  t.is(await bundle.refresh(), undefined);
  await until(() => result() !== undefined);
  t.deepEqual(result(), { type: 'string' });
  // As the agent of this module finds it.
  const moduleUrl = moduleUrlOf(bundle.path);
  const { methods } = discover({ moduleUrl, exported: { add: () => '' }, methods: new Set(['add']) });
  t.deepEqual(methods[0]?.['x-signature'], ['add(a: string): string']);
  t.deepEqual(reasons, []);
  await until(() => existsSync(checksPath(dirname(realpathSync(bundle.path)))));
  t.deepEqual(
    readdirSync(dirname(realpathSync(bundle.path))).filter((name) => name.includes('unfinished')),
    [],
  );
});

test('without a compiler, dev says so once', async (t) => {
  const module = await project(t);
  writeFileSync(module, 'export const add = (a: number): number => a;\n');
  const reasons: string[] = [];
  const bundle = await createDevBundle(module, 60_000, (reason) => reasons.push(reason));
  t.teardown(() => bundle.remove());
  const isThere = (): boolean => readDescription(dirname(realpathSync(bundle.path))) !== undefined;
  for (let round = 0; round < 2; round += 1) {
    t.is(await bundle.refresh(), undefined);
    await until(isThere);
  }
  t.deepEqual(reasons, ['the project of the module has no package typescript']);
});

test('a refresh and the end do not wait for a compiler that hangs', async (t) => {
  const module = await project(t);
  const pidFile = join(dirname(module), 'pid');
  await writeTree(join(dirname(module), 'node_modules', 'typescript'), {
    'package.json': '{ "name": "typescript", "version": "5.9.3", "main": "index.js" }',
    'index.js': `require('node:fs').writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); for (;;);`,
  });
  writeFileSync(module, 'export const add = (a: number): number => a;\n');
  const bundle = await createDevBundle(module, 60_000, t.fail);
  t.is(await bundle.refresh(), undefined);
  await until(() => readFileSync(pidFile, { encoding: 'utf8', flag: 'a+' }) !== '');
  const pid = Number(readFileSync(pidFile, 'utf8'));
  t.notThrows(() => process.kill(pid, 0));
  t.is(await bundle.refresh(), undefined);
  await bundle.remove();
  t.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
});
