/** Bundles sources, removes them, and runs what is left where nothing else can be found. */
import { readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { type Bundle, bundleModule } from '../../../src/bundle/bundle.ts';
import { materialise, writeTree } from '../../helpers/materialise.ts';
import { runProgram } from '../../helpers/program.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

export type Bundled = {
  bundle: Bundle;
  /** What a script prints, as JSON, in which `loaded` is the module: by require(), or import() for an .mjs. */
  evaluate(expression: string): Promise<unknown>;
};

/** @param prepare what is to be done in the folder of the sources before. */
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
  const last = join(folder, 'another name', 'ü');
  await writeTree(last, { 'a.txt': '' });
  await rename(first, join(last, 'moved'));
  const entry = join(last, 'moved', bundle.entry);
  return { bundle, evaluate: (expression) => evaluate(entry, expression) };
}

/** In a process without an environment, and in no folder of interest. */
export async function evaluate(entry: string, expression: string): Promise<unknown> {
  const script = `
    const path = ${JSON.stringify(entry)};
    (async () => {
      const loaded = path.endsWith('.mjs') ? await import(path) : require(path);
      process.stdout.write(JSON.stringify(await (${expression})) ?? 'null');
    })();`;
  const ran = await runProgram([process.execPath, '-e', script], { cwd: '/', env: {} });
  if (ran.status !== 0) throw new Error(ran.stderr);
  return JSON.parse(ran.stdout.toString());
}

/** What is written of its own, and what is copied, as text. */
export async function textsOf({ files }: Bundle): Promise<string[]> {
  const contents = files.map(async (file) => {
    if ('link' in file) return file.link;
    return Buffer.from('content' in file ? file.content : await readFile(file.source)).toString('latin1');
  });
  return Promise.all(contents);
}
