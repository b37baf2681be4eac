/** Paths among the options of an installation, as they are to be kept: another command has another working directory. */
import { resolve } from 'node:path';
import type { InstallOptions } from '../installed/install-options.ts';

export function withAbsolutePaths<Options extends InstallOptions>(options: Options): Options {
  const { module, node, workingDirectory, agent } = options;
  const key = agent?.['authkey-file'];
  return {
    ...options,
    module: resolve(module),
    ...(node === undefined ? {} : { node: resolve(node) }),
    ...(workingDirectory === undefined ? {} : { workingDirectory: resolve(workingDirectory) }),
    ...(typeof key === 'string' ? { agent: { ...agent, 'authkey-file': resolve(key) } } : {}),
  };
}
