/** The observation of file uses: what is reported, and that the functions behave as before. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { tempDir } from '../helpers/temp-dir.ts';

const FILE_USES = JSON.stringify(resolve(import.meta.dirname, '..', '..', 'workers', 'file-uses.ts'));

/**
 * Runs code in a process of its own, since the observation cannot be ended.
 * @returns what was reported, each once: functions of Node call each other.
 */
async function usesOf(t: ExecutionContext, code: string): Promise<{ uses: string[]; cwd: string }> {
  const cwd = await tempDir(t);
  mkdirSync(join(cwd, 'folder'));
  writeFileSync(join(cwd, 'a.txt'), 'content of a');
  const program = join(cwd, 'program.mjs');
  writeFileSync(
    program,
    `import { observeFiles } from ${FILE_USES};
    import fs, { existsSync, readFileSync, promises } from 'node:fs';
    import { readFile } from 'node:fs/promises';
    const uses = [];
    observeFiles((use, path) => uses.push(use + ' ' + path));
    ${code}
    fs.writeSync(1, JSON.stringify([...new Set(uses)]));`,
  );
  const { stdout, stderr, status } = spawnSync(process.execPath, [program], { cwd, encoding: 'utf8', timeout: 60_000 });
  t.is(status, 0, stderr);
  return { uses: JSON.parse(stdout), cwd };
}

test('reads are reported with the path as given, by whatever name the function is imported', async (t) => {
  const { uses } = await usesOf(
    t,
    `for (const name of '123456789') fs.writeFileSync(name, name);
    uses.length = 0;
    readFileSync('1', 'utf8'); readFileSync('2', 'ascii'); readFileSync(Buffer.from('./3'));
    await readFile('4'); await promises.readFile('5', { encoding: 'utf8' }); await readFile('6', 'as' + 'cii');
    fs.closeSync(fs.openSync('7')); fs.closeSync(fs.openSync('8', 'rs')); fs.closeSync(fs.openSync('9', 0));`,
  );
  t.deepEqual(
    uses,
    ['1', '2', './3', '4', '5', '6', '7', '8', '9'].map((name) => `read ${name}`),
  );
});

test('a URL of a file is reported as a path', async (t) => {
  const { uses, cwd } = await usesOf(t, `await readFile(new URL('a.txt', import.meta.url));`);
  t.deepEqual(uses, [`read ${join(cwd, 'a.txt')}`]);
});

test('a stream of a file is a use of the file', async (t) => {
  const { uses } = await usesOf(t, `for await (const chunk of fs.createReadStream('a.txt')) void chunk;`);
  t.true(uses.includes('read a.txt'));
});

test('a file that is not there is reported too, and the error is that of Node', async (t) => {
  const { uses } = await usesOf(
    t,
    `try { readFileSync('none'); } catch ({ code, syscall }) { uses.push(code + ' ' + syscall); }
    uses.push(String(existsSync('nor this')));`,
  );
  t.deepEqual(uses, ['read none', 'ENOENT open', 'looked-for nor this', 'false']);
});

test('folders are reported when they are listed', async (t) => {
  const { uses } = await usesOf(
    t,
    `fs.readdirSync('folder'); await promises.readdir('.'); (await promises.opendir('./folder')).close();`,
  );
  t.deepEqual(uses, ['listed folder', 'listed .', 'listed ./folder']);
});

test('writes are reported as such, before they happen', async (t) => {
  const { uses, cwd } = await usesOf(
    t,
    `fs.writeFileSync('1', 'b'); fs.appendFileSync('2', 'c'); fs.renameSync('1', '3'); fs.copyFileSync('3', '4');
    fs.closeSync(fs.openSync('5', 'a+')); fs.closeSync(fs.openSync('5', 'r+'));
    fs.closeSync(fs.openSync('5', fs.constants.O_RDWR)); readFileSync('6', { flag: 'a+' });`,
  );
  const written = ['1', '2', '3'].map((path) => `written ${path}`);
  t.deepEqual(uses, [...written, 'read 3', ...['4', '5', '6'].map((path) => `written ${path}`)]);
  t.is(readFileSync(join(cwd, '4'), 'utf8'), 'b');
  t.true(existsSync(join(cwd, '6')));
});

test('descriptors and invalid paths are not reported', async (t) => {
  const { uses } = await usesOf(
    t,
    `const fd = fs.openSync('a.txt'); uses.length = 0; readFileSync(fd);
    for (const path of [undefined, 7.5, {}, new URL('https://example.com')]) try { readFileSync(path); } catch {}`,
  );
  t.deepEqual(uses, []);
});

test('functions keep their names, lengths and properties', async (t) => {
  const { uses } = await usesOf(
    t,
    `const { promisify } = await import('node:util');
    uses.push(readFileSync.name, String(readFileSync.length), typeof fs.realpathSync.native);
    uses.push(String(await promisify(fs.exists)('a.txt')), String((await promisify(fs.stat)('a.txt')).size));`,
  );
  t.deepEqual(uses.slice(0, 3), ['readFileSync', '2', 'function']);
  t.deepEqual(
    uses.slice(3).filter((use) => !use.startsWith('looked-for')),
    ['true', '12'],
  );
});
