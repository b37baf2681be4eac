/** The bundle of `launchpool dev`: compiled as for an installation, and compiled again after each change. */
import { mkdtemp, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, extname, join } from 'node:path';
import type { LaunchpoolError } from '../../wire/errors.ts';
import { bundleInPlace } from '../bundle/bundle.ts';

export type DevBundle = {
  readonly module: string;
  /** The path for the agent to load: a link, because a change may turn the module from CommonJS into an ES module. */
  readonly path: string;
  /**
   * Compiles the module again. `path` leads to the result when this resolves.
   * @returns the error of the compilation, which loading the module then throws too.
   */
  refresh(): Promise<LaunchpoolError | undefined>;
  /** The absolute paths of the sources of the bundle. */
  readonly sources: readonly string[];
  /** Whether a file belongs to this bundle, and not to the user. */
  isOwn(file: string): boolean;
  remove(): Promise<void>;
};

/** @param module the absolute path of the module. */
export async function createDevBundle(module: string): Promise<DevBundle> {
  // Modules see their real path, which isOwn() must match.
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'launchpool-dev-')));
  const path = join(folder, 'module');
  const name = basename(module, extname(module));
  let sources: readonly string[] = [module];

  async function write(extension: string, content: string | Uint8Array): Promise<void> {
    const [file, link] = [join(folder, `${name}${extension}`), join(folder, 'unfinished')];
    await writeFile(file, content);
    await rm(link, { force: true });
    await symlink(file, link);
    await rename(link, path);
  }

  return {
    module,
    path,
    get sources() {
      return sources;
    },
    async refresh() {
      try {
        const { content, extension, inputs } = await bundleInPlace(module);
        sources = inputs;
        await write(extension, content);
        return undefined;
      } catch (error) {
        const { message, code, data } = error as LaunchpoolError;
        if (code !== 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED') throw error;
        // A file with an error may never have been a part of the bundle.
        sources = [...new Set([...sources, ...((data as { files?: string[] } | undefined)?.files ?? [])])];
        await write('.cjs', `throw new SyntaxError(${JSON.stringify(message)});\n`);
        return error as LaunchpoolError;
      }
    },
    isOwn: (file) => file.startsWith(join(folder, '/')),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
