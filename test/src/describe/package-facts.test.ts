/** The name and the version of the package of a module. */
import { join } from 'node:path';
import test from 'ava';
import { describeModule } from '../../../src/describe/describe-module.ts';
import { packageOf } from '../../../src/describe/package-facts.ts';
import { writeTree } from '../../helpers/materialise.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import '../../helpers/with-compile-cache.ts';

test('they are those of the nearest package.json', async (t) => {
  const folder = await tempDir(t);
  await writeTree(folder, {
    'package.json': '{ "name": "outer", "version": "1.0.0" }',
    'src/a.ts': '',
    'inner/package.json': '{ "name": "inner", "version": 2 }',
    'inner/a.ts': '',
    'damaged/package.json': '{',
    'damaged/a.ts': '',
    'odd/package.json': 'null',
    'odd/a.ts': '',
  });
  const of = (path: string) => packageOf(join(folder, path));
  t.deepEqual(of('src/a.ts'), { name: 'outer', version: '1.0.0' });
  t.deepEqual(of('inner/a.ts'), { name: 'inner' });
  t.is(of('damaged/a.ts'), undefined);
  t.deepEqual(of('odd/a.ts'), {});
  t.is(of('missing.ts'), undefined);
  const description = await describeModule({ module: join(folder, 'src/a.ts') });
  t.deepEqual(description.package, { name: 'outer', version: '1.0.0' });
  t.is(typeof description.reason, 'string');
});
