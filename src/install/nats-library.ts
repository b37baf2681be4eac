/** What an installation on NATS has beside others: the packages of NATS that the project has, in one file of the version. */
import { LaunchpoolError } from '../../wire/errors.ts';
import type { BundleFile } from '../bundle/bundle-file.ts';
import type { InstallOptions } from '../installed/install-options.ts';
import { findNatsPackage, LIBRARY_FILE } from '../nats/library.ts';

const NEEDED = ['transport-node', 'services'] as const;
/** What stores calls for later. */
const DURABLE = [...NEEDED, 'jetstream'] as const;

/** @throws ERR_LAUNCHPOOL_OPTION_INVALID under launchd, which has no such job yet */
export function mustRunOnNats({ nats }: Pick<InstallOptions, 'nats'>, supervisor: string): void {
  if (nats === undefined || supervisor === 'systemd') return;
  throw new LaunchpoolError(
    'ERR_LAUNCHPOOL_OPTION_INVALID',
    `--nats: an agent under ${supervisor} cannot serve on NATS`,
    {
      hint: 'Install it where systemd runs, or keep `launchpool serve` running by other means.',
    },
  );
}

/**
 * Compiled: an installed agent needs nothing of its project.
 * @throws ERR_LAUNCHPOOL_NATS_MISSING
 */
export async function natsLibraryFiles(module: string, isDurable: boolean): Promise<BundleFile[]> {
  const paths = (isDurable ? DURABLE : NEEDED).map((name) => [name, findNatsPackage(name, { module })] as const);
  const { build } = await import('esbuild');
  const lines = paths.map(([name, path]) => `exports[${JSON.stringify(name)}] = require(${JSON.stringify(path)});`);
  const { outputFiles } = await build({
    stdin: { contents: lines.join('\n'), resolveDir: '/', loader: 'js' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    write: false,
    legalComments: 'inline',
    logLevel: 'silent',
  });
  return [{ path: LIBRARY_FILE, mode: 0o644, content: (outputFiles[0] as { contents: Uint8Array }).contents }];
}
