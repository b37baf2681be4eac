/** Compares what a module answers under plain Node with what it answers compiled in place, and bundled and moved. */
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { bundleModule, compileInPlace } from '../../../src/bundle/bundle.ts';
import { materialise, writeTree } from '../../helpers/materialise.ts';
import { runProgram } from '../../helpers/program.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { evaluate } from './bundled.ts';

const ANSWER = fileURLToPath(new URL('../../helpers/answer-of-module.mjs', import.meta.url));

export type Answers = { plain: unknown; inPlace: unknown; moved: unknown; isOneFile: boolean; paths: string[] };

export type Source = {
  /** The path of the module, which exports `answer`. */
  module: string;
  texts: Readonly<Record<string, string>>;
  prepare?: (folder: string) => Promise<void>;
  include?: readonly string[];
};

export async function answersOf(t: ExecutionContext, { module, texts, prepare, include }: Source): Promise<Answers> {
  const folder = await tempDir(t);
  const sources = join(folder, 'sources');
  await writeTree(sources, texts);
  await prepare?.(sources);
  const path = join(sources, module);
  const plain = await plainAnswer(path);
  const { loader, sources: compiled } = await compileInPlace(path, 'own.json');
  await writeTree(join(folder, 'dev'), { 'agent.cjs': loader, 'own.json': compiled });
  const inPlace = await evaluate(join(folder, 'dev', 'agent.cjs'), 'loaded.answer()');
  const bundle = await bundleModule(path, { include });
  await materialise(bundle, join(folder, 'first'));
  await rm(sources, { recursive: true });
  await writeTree(join(folder, 'other'), { 'a.txt': '' });
  await rename(join(folder, 'first'), join(folder, 'other', 'moved'));
  const moved = await evaluate(join(folder, 'other', 'moved', bundle.entry), 'loaded.answer()');
  const paths = bundle.files.map((file) => file.path);
  return { plain, inPlace, moved, isOneFile: !paths.some((each) => each.includes('/node_modules/')), paths };
}

async function plainAnswer(path: string): Promise<unknown> {
  const command: [string, ...string[]] = [process.execPath, '--disable-warning=ExperimentalWarning', ANSWER, path];
  const { status, stdout, stderr } = await runProgram(command, { cwd: '/', env: {} });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout.toString());
}
