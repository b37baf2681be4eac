/** A systemctl of a test, which a program finds by PATH: it answers `show` from files, and records its arguments. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unitNamesOf } from '../../systemd/paths.ts';

export type UnitProperties = Readonly<Record<string, string>>;

export type SystemctlStub = {
  /** The folder for PATH. */
  folder: string;
  /** The arguments of each run. */
  runs(): string[][];
  /** Sets properties of a unit; the others are those of an agent without a process, whose sockets listen. */
  set(unit: string, properties: UnitProperties): void;
  /** systemctl fails from now on. */
  fail(message: string): void;
};

/** What systemd says of a socket that listens, and of a service without a process. */
export const LISTENING = { LoadState: 'loaded', ActiveState: 'active', SubState: 'listening', Result: 'success' };
export const RESTING = {
  LoadState: 'loaded',
  ActiveState: 'inactive',
  SubState: 'dead',
  Result: 'success',
  MainPID: '0',
  ExecMainStatus: '0',
  ExecMainCode: '0',
  ExecMainExitTimestampMonotonic: '0',
};

/** @param folder of the stub, which is made. */
export function createSystemctlStub(folder: string, labels: readonly string[]): SystemctlStub {
  mkdirSync(folder);
  const [log, failure, program] = ['runs', 'failure', 'systemctl'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const script = `#!/bin/sh
echo "$*" >> '${log}'
if [ -e '${failure}' ]; then cat '${failure}' >&2; exit 1; fi
shift 4
for unit; do
  if [ -e "${folder}/$unit" ]; then cat "${folder}/$unit"; else printf 'Id=%s\\nLoadState=not-found\\nActiveState=inactive\\nMainPID=0\\n\\n' "$unit"; fi
done
`;
  writeFileSync(program, script);
  chmodSync(program, 0o755);
  const set = (unit: string, properties: UnitProperties): void => {
    const all = { Id: unit, ...(unit.endsWith('.socket') ? LISTENING : RESTING), ...properties };
    const lines = Object.entries(all).map(([name, value]) => `${name}=${value}\n`);
    writeFileSync(join(folder, unit), `${lines.join('')}\n`);
  };
  for (const label of labels) for (const unit of Object.values(unitNamesOf(label))) set(unit, {});
  return {
    folder,
    runs: () => (existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : []).map((line) => line.split(' ')),
    set,
    fail: (message) => writeFileSync(failure, message),
  };
}
