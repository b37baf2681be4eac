/** Checks that the supervisor's files have the texts of the installation. */
import { readText } from '../../installed/read-optional.ts';
import { hasText, writeText } from '../files.ts';
import type { Diagnosis, Installation } from './finding.ts';

/** One fix writes all files: a supervisor loads none of them while another is missing. */
export function checkSupervisorFiles({ label, supervisor, job, load }: Installation): Diagnosis[] {
  const wrong = supervisor.filesOf(job).flatMap(({ path, text, mode }) => {
    return hasText(path, text) ? [] : [{ path, text, mode, actual: readText(path) }];
  });
  const writeAll = async (): Promise<void> => {
    for (const { path, text, mode } of wrong) await writeText(path, text, mode, () => undefined);
    await load(wrong.map(({ path }) => path));
  };
  let fixed: Promise<void> | undefined;
  const fix = (): Promise<void> => {
    fixed ??= writeAll();
    return fixed;
  };
  return wrong.map(({ path, actual }): Diagnosis => {
    const actualLabel = actual === undefined ? undefined : labelInFile(actual);
    if (actualLabel !== undefined && actualLabel !== label) {
      const message = `${path} has the label ${actualLabel} instead of ${label}`;
      return { id: 'label-mismatch', label, severity: 'problem', message, fix };
    }
    const message = actual === undefined ? `${path} is missing` : `${path} has been changed`;
    return { id: 'file-changed', label, severity: 'problem', message, fix };
  });
}

/** The label in a plist, or of the service that a socket unit starts. */
function labelInFile(text: string): string | undefined {
  return /<key>Label<\/key>\s*<string>([^<]*)<\/string>/.exec(text)?.[1] ?? /^Service=(.*)\.service$/m.exec(text)?.[1];
}
