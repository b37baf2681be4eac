/** The files of two versions of an agent. */
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { BundleFile } from '../../../src/bundle/bundle-file.ts';
import { hashOf, writeVersion } from '../../../src/install/version-folder.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

test('two versions share the files that are the same, and no file with the sources', async (t) => {
  const folder = await tempDir(t);
  const [same, changing] = [join(folder, 'same.js'), join(folder, 'changing.js')];
  const versions = join(folder, 'versions');
  mkdirSync(versions);
  const files: BundleFile[] = [
    { path: 'app/same.js', mode: 0o644, source: same },
    { path: 'app/changing.js', mode: 0o644, source: changing },
    { path: 'app/written.js', mode: 0o644, content: Buffer.from('written') },
  ];
  const write = async (text: string): Promise<string> => {
    writeFileSync(same, 'same');
    writeFileSync(changing, text);
    const hash = hashOf(files);
    t.true(await writeVersion(versions, hash, files, () => undefined));
    return join(versions, hash, 'app');
  };
  const first = await write('one');
  const second = await write('two');
  const inode = (path: string): number => statSync(path).ino;
  t.is(inode(join(first, 'same.js')), inode(join(second, 'same.js')));
  t.not(inode(join(first, 'same.js')), inode(same));
  t.deepEqual(
    [first, second].map((version) => readFileSync(join(version, 'changing.js'), 'utf8')),
    ['one', 'two'],
  );
  writeFileSync(same, 'edited in place');
  t.is(readFileSync(join(second, 'same.js'), 'utf8'), 'same');
});
