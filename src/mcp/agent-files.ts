/** What the files of an installed agent say of its methods. Starts nothing, and asks no supervisor. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Description } from '../../description/description.ts';
import { DESCRIPTION_FILE, readDescription } from '../../description/description-file.ts';
import { LaunchpoolError } from '../../wire/errors.ts';
import type { Host } from '../installed/host.ts';
import { layoutOf } from '../installed/layout.ts';
import { type InstallRecord, mustBeInstalled } from '../installed/record.ts';

export type AgentFiles = {
  label: string;
  /** The folders in which files change when the agent is installed, upgraded or removed. */
  folders: readonly string[];
} & ({ description: Description } | { problem: LaunchpoolError; isPassing: boolean });

/** Reads the files of one agent again when they have changed. */
export type AgentReader = { read(): AgentFiles };

/** @throws ERR_LAUNCHPOOL_ADDRESS_INVALID */
export function createAgentReader(label: string, host: Host): AgentReader {
  const layout = layoutOf(label, host);
  let state: string | undefined;
  let found: AgentFiles | undefined;
  let known: Description | undefined;

  function readAgain(): AgentFiles {
    let record: InstallRecord;
    try {
      record = mustBeInstalled(label, host);
    } catch (error) {
      known = undefined;
      return { label, folders: [layout.folder], problem: error as LaunchpoolError, isPassing: false };
    }
    const folder = join(layout.versions, record.hash);
    const folders = [layout.folder, folder];
    if (record.kind === 'raw') return { label, folders, problem: isRaw(label), isPassing: false };
    // An installation writes the description as its last step: until then, the earlier one counts.
    known = readDescription(folder) ?? known;
    if (known === undefined) return { label, folders, problem: notDescribed(label), isPassing: true };
    return { label, folders, description: known };
  }

  const stateNow = (): string =>
    [layout.record, ...(found?.folders ?? []).map((folder) => join(folder, DESCRIPTION_FILE))].map(stateOf).join(' ');

  return {
    read() {
      if (found === undefined || stateNow() !== state) {
        found = readAgain();
        state = stateNow();
      }
      return found;
    },
  };
}

function stateOf(path: string): string {
  try {
    const { ino, size, mtimeNs } = statSync(path, { bigint: true });
    return `${ino}-${size}-${mtimeNs}`;
  } catch {
    return '-';
  }
}

function isRaw(label: string): LaunchpoolError {
  return new LaunchpoolError(
    'ERR_LAUNCHPOOL_NOT_DESCRIBED',
    `${label} is a raw agent: it has no methods, so no tools`,
    {
      hint: 'Give its module named exports in place of the default export, and install it again.',
    },
  );
}

function notDescribed(label: string): LaunchpoolError {
  return new LaunchpoolError(
    'ERR_LAUNCHPOOL_NOT_DESCRIBED',
    `${label} has no description: its launchpool wrote none, or the file is damaged`,
    { hint: `\`launchpool upgrade ${label}\` writes it.` },
  );
}
