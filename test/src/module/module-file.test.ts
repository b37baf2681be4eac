/** The file that says what a module offers: only a whole one that describes the module counts. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { hasModuleFile, MODULE_FILE, readModuleFile, writeModuleFile } from '../../../src/module/module-file.ts';
import type { ModuleFacts } from '../../../workers/task.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const FACTS = { kind: 'rpc', methods: ['add', 'then what'] } as const;

test('what is written is read again, and no unfinished file stays', async (t) => {
  const folder = await tempDir(t);
  writeModuleFile(folder, join('app', 'deep', 'agent.cjs'), FACTS);
  t.deepEqual(readModuleFile(join(folder, 'app', 'deep', 'agent.cjs')), { ...FACTS, methods: [...FACTS.methods] });
  t.deepEqual(readdirSync(folder), [MODULE_FILE]);
});

test('the options of methods are read again, and a file whose options are not valid counts as no file', async (t) => {
  const folder = await tempDir(t);
  const module = join(folder, 'agent.cjs');
  const facts: ModuleFacts = { ...FACTS, methodOptions: { add: { timeoutMs: 5, concurrency: 2 } } };
  writeModuleFile(folder, 'agent.cjs', facts);
  t.deepEqual(readModuleFile(module), facts);
  t.true(hasModuleFile(folder, 'agent.cjs', facts));
  t.false(hasModuleFile(folder, 'agent.cjs', FACTS));
  for (const methodOptions of [{ nope: { timeoutMs: 5 } }, { add: { timeoutMs: -5 } }, [], 7, null]) {
    writeFileSync(
      join(folder, MODULE_FILE),
      JSON.stringify({ format: 1, entry: 'agent.cjs', ...FACTS, methodOptions }),
    );
    t.is(readModuleFile(module), undefined, JSON.stringify(methodOptions));
  }
});

test('the nearest file decides, and a file that describes another module is none', async (t) => {
  const folder = await tempDir(t);
  mkdirSync(join(folder, 'app'));
  writeModuleFile(folder, join('app', 'agent.cjs'), FACTS);
  const unfit: string[] = [];
  const onUnfit = (path: string): void => void unfit.push(path);
  t.is(readModuleFile(join(folder, 'app', 'other.cjs'), onUnfit), undefined);
  t.deepEqual(unfit, [join(folder, MODULE_FILE)]);
  t.deepEqual(readModuleFile(join(folder, 'app', 'agent.cjs'), onUnfit), { ...FACTS, methods: [...FACTS.methods] });
  t.is(unfit.length, 1);
  writeModuleFile(join(folder, 'app'), 'agent.cjs', { kind: 'raw', methods: [] });
  t.deepEqual(readModuleFile(join(folder, 'app', 'agent.cjs')), { kind: 'raw', methods: [] });
});

test('any other content of the file counts as no file', async (t) => {
  const module = join(await tempDir(t), 'agent.cjs');
  const valid = { format: 1, entry: 'agent.cjs', kind: 'raw', methods: [] };
  const damaged = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .constantFrom('format', 'entry', 'kind', 'methods', 'methodOptions')
      .chain((field) => fc.jsonValue().map((value) => JSON.stringify({ ...valid, [field]: value }))),
  );
  fc.assert(
    fc.property(damaged, (content) => {
      writeFileSync(join(dirname(module), MODULE_FILE), content);
      const read = readModuleFile(module);
      // By chance, a damaged file can be a valid one.
      if (read === undefined) return true;
      const isValid = ['raw', 'rpc'].includes(read.kind) && read.methods.every((name) => typeof name === 'string');
      return isValid && JSON.parse(content).entry === 'agent.cjs';
    }),
  );
  t.pass();
});
