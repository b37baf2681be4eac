/** For development: a bundle of a module on disk, made as an installation makes one, and made anew after each change. */
import { mkdtemp, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, extname, join } from 'node:path';
import type { LaunchpoolError } from '../../wire/errors.ts';
import { bundleInPlace } from '../bundle/bundle.ts';

export type DevBundle = {
  readonly module: string;
  /** What an agent is to load. A link, since a module may change from CommonJS to an ES module. */
  readonly path: string;
  /**
   * What is loaded after this has resolved is the module as it is now.
   * @returns why it cannot be bundled, if it cannot be: that is what loading it throws then.
   */
  refresh(): Promise<LaunchpoolError | undefined>;
  /** The sources that it has been made of, as absolute paths. */
  readonly sources: readonly string[];
  /** Whether a file is not the user's but this bundle's. */
  isOwn(file: string): boolean;
  remove(): Promise<void>;
};

/** @param module its path, absolute. */
export async function createDevBundle(module: string): Promise<DevBundle> {
  // Files report themselves by where they really are.
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'launchpool-dev-')));
  const path = join(folder, 'module');
  const name = basename(module, extname(module));
  let sources: readonly string[] = [module];

  async function put(extension: string, content: string | Uint8Array): Promise<void> {
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
        await put(extension, content);
        return undefined;
      } catch (error) {
        const { message, code, data } = error as LaunchpoolError;
        if (code !== 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED') throw error;
        // Also those that were never a part of it, in one of which the mistake may be.
        sources = [...new Set([...sources, ...((data as { files?: string[] } | undefined)?.files ?? [])])];
        await put('.cjs', `throw new SyntaxError(${JSON.stringify(message)});\n`);
        return error as LaunchpoolError;
      }
    },
    isOwn: (file) => file.startsWith(join(folder, '/')),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
