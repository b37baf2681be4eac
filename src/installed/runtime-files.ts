/** The runtime files of an installed agent: launchpool's own program, and koffi. */
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { LaunchpoolError } from '../../wire/errors.ts';
import type { BundleFile } from '../bundle/bundle-file.ts';

/** The path of the program, relative to the version's folder. */
export const PROGRAM = 'launchpool.cjs';
/** The path of the script that loads a module to check it: boot/check.ts. */
export const CHECK = 'runtime/check.js';

/** Verbs of the command line, which an agent does not need. */
const QUICK_VERBS = ['call.js', 'list.js', 'status.js', 'complete.js', 'mcp.js'];

/** What only an agent on NATS loads. */
const NATS_FILE = 'runtime/nats.js';

/** @param isOnNats whether the agent serves on NATS. */
export async function runtimeFiles(isOnNats = false): Promise<BundleFile[]> {
  const program = await programFiles();
  return [...program.filter(({ path }) => isOnNats || path !== NATS_FILE), ...koffiFiles()];
}

/** In the built package, the program is two folders above this file. From the sources, it is built once a process. */
function programFiles(): Promise<BundleFile[]> {
  if (import.meta.url.endsWith('.js')) return filesOfProgram(fileURLToPath(new URL('../..', import.meta.url)));
  built ??= buildProgram();
  return built;
}

let built: Promise<BundleFile[]> | undefined;

/** From the sources: takes the program that build/runtime.ts has written into a folder, and does not build it. */
export function useProgramIn(folder: string): void {
  built = filesOfProgram(folder);
}

async function buildProgram(): Promise<BundleFile[]> {
  const folder = await mkdtemp(join(tmpdir(), 'launchpool-'));
  try {
    const build = fileURLToPath(new URL('../../build/runtime.ts', import.meta.url));
    // The packages are those of the checkout, wherever the command runs.
    const cwd = dirname(dirname(build));
    await promisify(execFile)(process.execPath, [build, join(folder, 'runtime')], { cwd }).catch(
      ({ stderr, message }) => {
        const [reason = message] = /(?:\[ERROR\]|\w*Error:|E[A-Z]{3,}:) [^\]\n]*/.exec(stderr) ?? [];
        const text = `launchpool cannot be built from its sources: ${reason}`;
        throw new LaunchpoolError('ERR_LAUNCHPOOL_INSTALL_FAILED', text, {
          hint: `It is built in ${tmpdir()}, which must have room (TMPDIR chooses another folder), from a checkout as it was cloned.`,
        });
      },
    );
    return await filesOfProgram(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function filesOfProgram(folder: string): Promise<BundleFile[]> {
  const runtime = readdirSync(join(folder, 'runtime')).filter((name) => !QUICK_VERBS.includes(name));
  const names = [PROGRAM, ...runtime.map((name) => `runtime/${name}`)];
  return Promise.all(names.map(async (path) => ({ path, mode: 0o644, content: await readFile(join(folder, path)) })));
}

/**
 * koffi consists of a JavaScript package and a native package for the platform. An agent needs it to check in with launchd
 * and to notify systemd.
 */
function koffiFiles(): BundleFile[] {
  const { resolve } = createRequire(import.meta.url);
  const koffi = dirname(resolve('koffi'));
  const platformName = `@koromix/koffi-${process.platform}-${process.arch}`;
  let platformFolder: string;
  try {
    platformFolder = dirname(createRequire(join(koffi, 'index.js')).resolve(platformName));
  } catch (cause) {
    throw new LaunchpoolError('ERR_LAUNCHPOOL_INSTALL_FAILED', `the package ${platformName} is missing`, {
      cause,
      hint: 'The package is an optional dependency of koffi. Install launchpool without --omit=optional.',
    });
  }
  return [
    // Leaves out the C++ sources and the documentation.
    ...filesIn(koffi, 'node_modules/koffi').filter(({ path }) =>
      /^node_modules\/koffi\/(src\/.*\.[cm]?js|[^/]*\.([cm]?js|json))$/.test(path),
    ),
    ...filesIn(platformFolder, `node_modules/${platformName}`),
  ];
}

function filesIn(folder: string, as: string): BundleFile[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => {
      const source = join(parentPath, name);
      return { path: `${as}/${relative(folder, source)}`, mode: 0o644, source };
    });
}
