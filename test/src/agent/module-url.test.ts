/** Paths of modules, as the URLs that threads load. */
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { moduleUrlOf } from '../../../src/agent/module-url.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

test('a path becomes a URL, whether or not the module exists', (t) => {
  t.is(moduleUrlOf('/some where/a.ts'), 'file:///some%20where/a.ts');
  t.is(moduleUrlOf('no-such-module.ts'), pathToFileURL(join(process.cwd(), 'no-such-module.ts')).href);
});

test('a URL stays as it is', (t) => {
  t.is(moduleUrlOf('file:///some%20where/a.ts'), 'file:///some%20where/a.ts');
});

test('links are followed, to the module that they lead to now', async (t) => {
  const folder = await tempDir(t);
  const [real, link] = [join(folder, 'real.ts'), join(folder, 'link.ts')];
  writeFileSync(real, '');
  symlinkSync(real, link);
  t.is(moduleUrlOf(link), moduleUrlOf(real));
});
