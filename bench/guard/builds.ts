/** Prepares the three sides: sources, packages, build, and the command of their agents. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { build as bundle } from 'esbuild';
import { checksPath } from '../../description/checks-file.ts';
import { DESCRIPTION_FILE, descriptionText } from '../../description/description-file.ts';
import { checksCode } from '../../src/checks/checks-code.ts';
import { describeModule } from '../../src/describe/describe-module.ts';
import { runToEnd } from '../processes.ts';
import { buildCheckout } from './build.ts';
import { nodeFlagsOf } from './node-flags.ts';
import type { Build, Handlers, Side } from './side.ts';
import { extract, extractWorkingTree } from './sources.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** Names of equal length: paths stand in environments and in source maps, and shift other data in memory. */
const FOLDERS: Readonly<Record<Side, string>> = { other: 'b1', this: 'a1', again: 'a2' };

export type Sides = { builds: Readonly<Record<Side, Build>>; handlers: Handlers };

/** @param onStep receives each next step, and each difference from a full comparison. */
export async function buildSides(commit: string, folder: string, onStep: (text: string) => void): Promise<Sides> {
  const place = (side: Side): string => join(folder, FOLDERS[side]);
  const short = commit.slice(0, 12);
  onStep(`Builds ${short}.`);
  await extract(ROOT, commit, place('other'));
  const other = await buildCheckout(ROOT, place('other'), short);
  onStep('Builds this checkout.');
  await extractWorkingTree(ROOT, place('this'));
  const own = await buildCheckout(ROOT, place('this'), 'this checkout');
  // A second build would have the same result.
  const { status, stderr } = await runToEnd(['cp', '-R', place('this'), place('again')]);
  if (status !== 0) throw new Error(`the build cannot be copied: ${stderr}`);
  const again = join(place('again'), relative(place('this'), own));

  const handlers = await bundleHandlers(folder);
  const home = join(folder, 'home');
  await mkdir(home, { mode: 0o700 });
  const ownFlags = await nodeFlagsOf(own, handlers.rot13, home);
  const otherFlags = await nodeFlagsOf(other, handlers.rot13, home).catch((error: unknown) => {
    onStep(`${short} does not report its flags for Node: those of this checkout are used. ${(error as Error).message}`);
    return ownFlags;
  });
  const sideOf = (side: Side, program: string, nodeFlags: readonly string[]): Build => ({
    program,
    nodeFlags,
    env: { XDG_CACHE_HOME: join(folder, `cache-${FOLDERS[side]}`) },
  });
  return {
    builds: {
      other: sideOf('other', other, otherFlags),
      this: sideOf('this', own, ownFlags),
      again: sideOf('again', again, ownFlags),
    },
    handlers,
  };
}

/**
 * The handlers of this checkout, for all sides, as JavaScript: the removal of types would delay the start. An earlier commit reads
 * no checks of arguments, so a comparison with it shows what they cost.
 */
async function bundleHandlers(folder: string): Promise<Handlers> {
  const source = (kind: string, name: string): string =>
    join(import.meta.dirname, '..', 'handlers', kind, `${name}.ts`);
  const outdir = join(folder, 'handlers');
  await bundle({
    entryPoints: [source('raw', 'rot13'), source('raw', 'echo'), source('rpc', 'rot13')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outdir,
    outExtension: { '.js': '.mjs' },
    logLevel: 'warning',
  });
  const description = await describeModule({ module: source('rpc', 'rot13') });
  if (description.reason !== undefined) throw new Error(`the handler is not described: ${description.reason}`);
  await writeFile(join(outdir, 'rpc', DESCRIPTION_FILE), descriptionText(description));
  await writeFile(checksPath(join(outdir, 'rpc')), checksCode(description), { mode: 0o644 });
  const module = (kind: string, name: string): string => join(outdir, kind, `${name}.mjs`);
  return { rot13: module('raw', 'rot13'), echo: module('raw', 'echo'), rpc: module('rpc', 'rot13') };
}
