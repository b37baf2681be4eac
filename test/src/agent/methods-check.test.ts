/** The warning that a module has other methods than its version says. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { createMethodsCheck } from '../../../src/agent/methods-check.ts';
import { readModuleFile, writeModuleFile } from '../../../src/module/module-file.ts';
import type { ModuleFacts } from '../../../workers/task.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const rpc = (...methods: string[]): ModuleFacts => ({ kind: 'rpc', methods });

/** The URL of the module in a version's folder that says these methods. */
async function version(t: ExecutionContext, facts: ModuleFacts): Promise<string> {
  const folder = join(await tempDir(t), 'version');
  await mkdir(folder);
  writeModuleFile(folder, 'agent.mjs', facts);
  return pathToFileURL(join(folder, 'agent.mjs')).href;
}

type Warning = { expected: readonly string[]; methods: readonly string[] };

function start(
  url: string,
  facts: ModuleFacts | undefined,
): { warnings: Warning[] } & Record<'check', ReturnType<typeof createMethodsCheck>> {
  const warnings: Warning[] = [];
  const check = createMethodsCheck(url, facts, (other) => readModuleFile(fileURLToPath(other)), {
    warn: (...args) => void warnings.push(args[0] as unknown as Warning),
  });
  return { warnings, check };
}

test('a reload to a version with other methods is no difference, and neither is a thread of the old one', async (t) => {
  const [first, second] = [await version(t, rpc('a', 'b')), await version(t, rpc('c'))];
  const { warnings, check } = start(first, rpc('a', 'b'));
  check(rpc('b', 'a'), first);
  check(rpc('c'), second);
  check(rpc('a', 'b'), first);
  t.deepEqual(warnings, []);
});

test('each version whose methods differ is reported once', async (t) => {
  const [first, second] = [await version(t, rpc('a')), await version(t, rpc('b'))];
  const { warnings, check } = start(first, rpc('a'));
  for (const url of [first, first, second, second]) check(rpc('x'), url);
  t.deepEqual(warnings, [
    { expected: ['a'], methods: ['x'] },
    { expected: ['b'], methods: ['x'] },
  ]);
});

test('without a file that says the methods there is no difference', async (t) => {
  const url = pathToFileURL(join(await tempDir(t), 'agent.mjs')).href;
  const { warnings, check } = start(url, undefined);
  check(rpc('x'), url);
  check(rpc('y'), `${url}?other`);
  t.deepEqual(warnings, []);
});
