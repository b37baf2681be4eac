import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { findNatsPackage, LIBRARY_FILE, loadNatsPackage } from '../../../src/nats/library.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

async function projectWith(folder: string, text: string): Promise<string> {
  const place = join(folder, 'node_modules', '@nats-io', 'services');
  await mkdir(place, { recursive: true });
  await writeFile(join(place, 'package.json'), '{"name":"@nats-io/services","main":"main.cjs"}');
  await writeFile(join(place, 'main.cjs'), text);
  return join(folder, 'module.ts');
}

test('the project of the module comes first, then the working folder', async (t) => {
  const [ofModule, ofFolder] = [await tempDir(t), await tempDir(t)];
  const module = await projectWith(ofModule, 'exports.from = "module";');
  await projectWith(ofFolder, 'exports.from = "folder";');
  const own = join(await tempDir(t), 'own.js');
  const load = (options: object) => loadNatsPackage<{ from: string }>('services', { own, ...options });
  t.is((await load({ module, cwd: ofFolder })).from, 'module');
  t.is((await load({ cwd: ofFolder })).from, 'folder');
});

test('a missing package is an error with the command that installs it', async (t) => {
  const folder = await tempDir(t);
  const options = { module: join(folder, 'module.ts'), cwd: folder, own: join(folder, 'own.js') };
  const error = t.throws(() => findNatsPackage('jetstream', options), { code: 'ERR_LAUNCHPOOL_NATS_MISSING' });
  t.like(error, { hint: 'NATS is no part of launchpool. In the project, run: npm install @nats-io/jetstream' });
});

test('an installed version has the packages in a file', async (t) => {
  const folder = await tempDir(t);
  await writeFile(join(folder, LIBRARY_FILE), 'exports["transport-node"] = { from: "version" };');
  const module = join(folder, 'app', 'module.cjs');
  t.is((await loadNatsPackage<{ from: string }>('transport-node', { module, cwd: folder })).from, 'version');
});
