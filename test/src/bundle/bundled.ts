/** Bundles sources, removes them, moves the bundle, and runs it. */
import { readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { type Bundle, bundleModule } from '../../../src/bundle/bundle.ts';
import { materialise, writeTree } from '../../helpers/materialise.ts';
import { runProgram } from '../../helpers/program.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const EVALUATE = fileURLToPath(new URL('../../helpers/evaluate-module.cjs', import.meta.url));

export type Bundled = {
  bundle: Bundle;
  /** The path of the file to load. */
  entry: string;
  /** The value of an expression in which `loaded` is the module, loaded by require(), or by import() for an .mjs file. */
  evaluate(expression: string): Promise<unknown>;
};

/** @param prepare is called with the folder of the sources before they are bundled. */
export async function bundled(
  t: ExecutionContext,
  module: string,
  texts: Readonly<Record<string, string>>,
  prepare: (folder: string) => Promise<void> = async () => {},
): Promise<Bundled> {
  const folder = await tempDir(t);
  const sources = join(folder, 'sources');
  await writeTree(sources, texts);
  await prepare(sources);
  const bundle = await bundleModule(join(sources, module));
  const first = join(folder, 'first');
  await materialise(bundle, first);
  await rm(sources, { recursive: true });
  const target = join(folder, 'another name', 'ü');
  await writeTree(target, { 'a.txt': '' });
  await rename(first, join(target, 'moved'));
  const entry = join(target, 'moved', bundle.entry);
  return { bundle, entry, evaluate: (expression) => evaluate(entry, expression) };
}

/** Evaluates in a process without an environment, in the root folder. */
export async function evaluate(entry: string, expression: string): Promise<unknown> {
  const ran = await runProgram([process.execPath, EVALUATE, entry, expression], { cwd: '/', env: {} });
  if (ran.status !== 0) throw new Error(ran.stderr);
  return JSON.parse(ran.stdout.toString());
}

/** The contents of the files, and the targets of links, as text. */
export async function textsOf({ files }: Bundle): Promise<string[]> {
  const contents = files.map(async (file) => {
    if ('link' in file) return file.link;
    return Buffer.from('content' in file ? file.content : await readFile(file.source)).toString('latin1');
  });
  return Promise.all(contents);
}
