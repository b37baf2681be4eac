/** Compares random projects under plain Node with the same projects compiled in place, and bundled and moved. */
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { bundleModule, compileInPlace } from '../../../src/bundle/bundle.ts';
import { materialise, writeTree } from '../../helpers/materialise.ts';
import { runProgram } from '../../helpers/program.ts';
import { projectOf } from './package-graphs.ts';

const ANSWERS = fileURLToPath(new URL('../../helpers/answers-of-modules.mjs', import.meta.url));

type Answer = { answer: unknown } | { error: string };
export type Difference = { seed: number; plain: Answer; inPlace: Answer; moved: Answer };
export type Comparison = {
  differences: Difference[];
  /** How many projects answer under plain Node. The others fail there, and must not answer elsewhere. */
  answering: number;
  /** How many of these became one file. */
  oneFile: number;
};

/** @param folder an empty one. */
export async function compareGraphs(seeds: readonly number[], folder: string): Promise<Comparison> {
  const projects = seeds.map((seed) => ({ seed, at: join(folder, 'sources', String(seed)), ...projectOf(seed) }));
  for (const { at, texts } of projects) await writeTree(at, texts);
  const plain = await answersOf(
    'plain',
    projects.map(({ at, module }) => join(at, module)),
  );
  const entries: { inPlace: string; moved: string; isOneFile: boolean }[] = [];
  for (const { at, module, seed } of projects) {
    const dev = join(folder, 'dev', String(seed));
    const { loader, sources } = await compileInPlace(join(at, module), 'own.json').catch(() => FAILED);
    await writeTree(dev, { 'agent.cjs': loader, 'own.json': sources });
    const first = join(folder, 'first', String(seed));
    const bundle = await bundleModule(join(at, module)).catch(() => undefined);
    if (bundle === undefined) await writeTree(first, { 'agent.cjs': FAILED.loader });
    else await materialise(bundle, first);
    const moved = join(folder, 'moved', String(seed), bundle?.entry ?? 'agent.cjs');
    const isOneFile = bundle?.files.some(({ path }) => path.includes('/node_modules/')) === false;
    entries.push({ inPlace: join(dev, 'agent.cjs'), moved, isOneFile });
  }
  const inPlace = await answersOf(
    'agent',
    entries.map((entry) => entry.inPlace),
  );
  await rm(join(folder, 'sources'), { recursive: true });
  await rename(join(folder, 'first'), join(folder, 'moved'));
  const moved = await answersOf(
    'agent',
    entries.map((entry) => entry.moved),
  );
  const all = seeds.map((seed, index) => ({
    seed,
    plain: plain[index] as Answer,
    inPlace: inPlace[index] as Answer,
    moved: moved[index] as Answer,
  }));
  const isAnswer = (answer: Answer): boolean => 'answer' in answer;
  return {
    differences: all.filter(({ plain: right, inPlace: first, moved: second }) =>
      isAnswer(right)
        ? !isDeepStrictEqual(right, first) || !isDeepStrictEqual(right, second)
        : isAnswer(first) || isAnswer(second),
    ),
    answering: plain.filter(isAnswer).length,
    oneFile: entries.filter(({ isOneFile }, index) => isOneFile && isAnswer(plain[index] as Answer)).length,
  };
}

const FAILED = { loader: "throw new Error('refused');", sources: '' };

async function answersOf(how: 'plain' | 'agent', paths: readonly string[]): Promise<Answer[]> {
  const command: [string, ...string[]] = [
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    ANSWERS,
    how,
    ...paths,
  ];
  const { status, stdout, stderr } = await runProgram(command, { cwd: '/', env: {} });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout.toString());
}
