/** What an installation would do, on any system, without doing it. */
import { join } from 'node:path';
import type { Command } from '../../job/supervisor.ts';
import { mustNotBeTaken } from '../installed/ownership.ts';
import { withAbsolutePaths } from './absolute-paths.ts';
import { exists, hasText, linkOf } from './files.ts';
import { KEY_FILE_BYTES, keyFileNotes, missingKeyFile } from './key-file.ts';
import { INSTALL_STEPS, type InstallOptions, planInstall } from './plan.ts';
import { createSteps } from './steps.ts';
import { sizeOf } from './version-folder.ts';

export type DryRun = {
  label: string;
  supervisor: string;
  folder: string;
  /** Every file that it would consist of; how long the record becomes depends on what the module has. */
  files: { path: string; bytes?: number; status: 'new' | 'changed' | 'there' }[];
  /** Of those that the supervisor reads, the text. */
  texts: { path: string; text: string }[];
  /** Every command that changes something, in order. */
  commands: Command[];
  notes: string[];
};

/** @throws as install() does, as far as that can be seen without changing anything */
export async function dryRun(given: InstallOptions): Promise<DryRun> {
  const steps = createSteps(INSTALL_STEPS);
  try {
    const options = withAbsolutePaths(given);
    const plan = await planInstall(options, steps, { dryRun: true });
    const { layout, supervisor, job, jobFiles, files, hash, node, notes } = plan;
    const keyFile = missingKeyFile(options);
    mustNotBeTaken(plan, job.label);
    const version = join(layout.versions, hash);
    const changed = jobFiles.filter(({ path, text }) => !hasText(path, text)).map(({ path }) => path);
    const statusOf = async (path: string): Promise<'new' | 'changed' | 'there'> =>
      !(await exists(path)) ? 'new' : changed.includes(path) ? 'changed' : 'there';
    const list: [path: string, bytes?: number][] = [
      ...files.map((file): [string, number] => [join(version, file.path), sizeOf(file)]),
      ...(node.from === undefined ? [] : [[node.path, sizeOf({ source: node.from })] as [string, number]]),
      ...jobFiles.map(({ path, text }): [string, number] => [path, Buffer.byteLength(text)]),
      ...(job.logFile === undefined ? [] : [[job.logFile, 0] as [string, number]]),
      ...(keyFile === undefined ? [] : [[keyFile, KEY_FILE_BYTES] as [string, number]]),
      [layout.record],
    ];
    return {
      label: job.label,
      supervisor: supervisor.name,
      folder: layout.folder,
      files: await Promise.all(
        list.map(async ([path, bytes]) => ({
          path,
          ...(bytes === undefined ? {} : { bytes }),
          status: await statusOf(path),
        })),
      ),
      texts: jobFiles.map(({ path, text }) => ({ path, text })),
      commands: [
        ...(linkOf(layout.current) === version ? [] : [['ln', '-sfn', version, layout.current] as const]),
        ...supervisor.loading(job, changed),
      ],
      notes: [...notes, ...keyFileNotes(keyFile)],
    };
  } catch (error) {
    throw await steps.fail(error);
  }
}
