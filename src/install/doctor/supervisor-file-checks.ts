/** Whether the files that a supervisor reads are as they were written. */
import { readFileSync } from 'node:fs';
import { hasText, writeText } from '../files.ts';
import type { Diagnosis, Patient } from './finding.ts';

/** All of them are mended at once: a supervisor takes none while another one is missing. */
export function checkSupervisorFiles(patient: Patient): Diagnosis[] {
  const { label, supervisor, job } = patient;
  const wrong = supervisor.filesOf(job).flatMap(({ path, text, mode }) => {
    return hasText(path, text) ? [] : [{ path, text, mode, found: textAt(path) }];
  });
  const mend = async (): Promise<void> => {
    for (const { path, text, mode } of wrong) await writeText(path, text, mode, () => undefined);
    await supervisor.load(
      job,
      wrong.map(({ path }) => path),
    );
  };
  let mended: Promise<void> | undefined;
  const fix = (): Promise<void> => {
    mended ??= mend();
    return mended;
  };
  return wrong.map(({ path, found }): Diagnosis => {
    const of = found === undefined ? undefined : labelInFile(found);
    if (of !== undefined && of !== label) {
      const message = `${path} is of the label ${of}, not of ${label}`;
      return { id: 'label-mismatch', label, severity: 'problem', message, fix };
    }
    const message = found === undefined ? `there is no ${path}` : `${path} is not as it was written`;
    return { id: 'file-changed', label, severity: 'problem', message, fix };
  });
}

function textAt(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Not there, or nothing that a supervisor could read.
    return undefined;
  }
}

/** The label in a plist; in a unit of a socket, the service that it starts. */
function labelInFile(text: string): string | undefined {
  return /<key>Label<\/key>\s*<string>([^<]*)<\/string>/.exec(text)?.[1] ?? /^Service=(.*)\.service$/m.exec(text)?.[1];
}
