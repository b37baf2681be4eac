/** What `launchpool dev` says of the methods of a module. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { createDevBundle } from '../../../src/cli/dev-bundle.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import '../../helpers/with-compile-cache.ts';

test('methods with a reserved name are noted, until the module has none', async (t) => {
  const module = join(await tempDir(t), 'agent.ts');
  writeFileSync(module, `export function inspect(): void {}\nexport function add(): void {}\n`);
  const bundle = await createDevBundle(module, 60_000);
  t.teardown(() => bundle.remove());
  t.is(await bundle.refresh(), undefined);
  t.regex(bundle.notes.join(), /call inspect .*call\(agent, 'inspect'\)/);
  writeFileSync(module, `export function add(): void {}\n`);
  t.is(await bundle.refresh(), undefined);
  t.deepEqual(bundle.notes, []);
});
