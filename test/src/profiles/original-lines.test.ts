/** The lines of sources in profiles. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { build } from 'esbuild';
import { toOriginalLines } from '../../../src/profiles/original-lines.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const SOURCE = `interface A {
  a: string;
}

export function twice(a: A): string {
  return a.a + a.a;
}
`;
const URL = 'file:///agent.ts';

test('functions and ticks move to the lines of the source, in lists and in trees; others stay', async (t) => {
  const folder = await tempDir(t);
  writeFileSync(join(folder, 'agent.ts'), SOURCE);
  const { outputFiles } = await build({
    entryPoints: [join(folder, 'agent.ts')],
    sourcemap: 'inline',
    write: false,
    logLevel: 'silent',
  });
  const path = join(folder, 'sources.json');
  const compiled = outputFiles[0]?.text ?? '';
  writeFileSync(path, JSON.stringify({ files: [[URL, 'module', compiled]], resolutions: [] }));
  const lines = compiled.split('\n');
  const lineNumber = lines.findIndex((line) => line.includes('twice'));
  t.true(lineNumber < 4);
  const frame = (url: string) => ({
    functionName: 'twice',
    url,
    lineNumber,
    columnNumber: lines[lineNumber]?.indexOf('(') as number,
  });
  const tick = { line: lineNumber + 2, ticks: 3 };
  const list = {
    nodes: [
      { callFrame: frame(URL), positionTicks: [tick, { line: 1000, ticks: 1 }], children: [2] },
      { callFrame: frame('file:///other.ts'), positionTicks: [tick] },
    ],
  };
  toOriginalLines(list, path);
  t.like(list.nodes[0], {
    callFrame: { lineNumber: 4 },
    positionTicks: [
      { line: 6, ticks: 3 },
      { line: 1000, ticks: 1 },
    ],
  });
  t.like(list.nodes[1], { callFrame: { lineNumber }, positionTicks: [tick] });
  const tree = { head: { callFrame: frame(''), children: [{ callFrame: frame(URL) }] } };
  toOriginalLines(tree, path);
  t.deepEqual([tree.head.callFrame.lineNumber, tree.head.children[0]?.callFrame.lineNumber], [lineNumber, 4]);
});

test('a module that was not compiled has no file of sources, and its profile stays as it is', async (t) => {
  const profile = { nodes: [{ callFrame: { functionName: 'a', url: URL, lineNumber: 1, columnNumber: 2 } }] };
  const before = structuredClone(profile);
  toOriginalLines(profile, join(await tempDir(t), 'sources.json'));
  t.deepEqual(profile, before);
});
