/** What can be wrong with a machine, or a session, for all agents alike. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Supervisor } from '../../../job/supervisor.ts';
import { domainsOf } from '../../../launchd/paths.ts';
import { checkLabel } from '../../../wire/address.ts';
import { toPlain } from '../../../wire/errors.ts';
import type { Host } from '../../installed/host.ts';
import { layoutOf, parentOf, RECORD } from '../../installed/layout.ts';
import type { Diagnosis } from './finding.ts';

/** @param pick chooses it, which can fail as well. */
export async function checkSupervisor(pick: () => Supervisor): Promise<Diagnosis[]> {
  try {
    await pick().check();
    return [];
  } catch (error) {
    const { message, hint } = toPlain(error);
    return [{ id: 'supervisor-unreachable', severity: 'problem', message, ...(hint === undefined ? {} : { hint }) }];
  }
}

/**
 * Agents whose sockets have paths that no socket can have: a home folder may have been moved.
 * @param label only of this one. @default all
 */
export function checkPaths(host: Host, label?: string): Diagnosis[] {
  const parent = parentOf(host);
  const all = existsSync(parent) ? readdirSync(parent) : [];
  const labels = all.filter((name) => isLabel(name) && existsSync(join(parent, name, RECORD)));
  return labels
    .filter((name) => label === undefined || name === label)
    .flatMap((name): Diagnosis[] => {
      try {
        layoutOf(name, host);
        return [];
      } catch (error) {
        const hint = 'Uninstall it from a shorter home folder, or remove its folder; then choose a shorter label.';
        return [{ id: 'path-too-long', label: name, severity: 'problem', message: toPlain(error).message, hint }];
      }
    });
}

/** On a Mac the folders of all applications stand beside those of agents. */
function isLabel(name: string): boolean {
  try {
    checkLabel(name);
    return true;
  } catch {
    return false;
  }
}

/** launchd: nobody is logged in at the screen, so agents live in the other domain, without a keychain. */
export async function checkHeadless({ platform, uid, run }: Host): Promise<Diagnosis[]> {
  if (platform !== 'darwin') return [];
  const [gui] = domainsOf(uid);
  const { status } = await run(['/bin/launchctl', 'print', gui]);
  if (status === 0) return [];
  const hint = 'Agents work, but have no keychain and no windows; they move to the login window at the next login.';
  return [
    { id: 'headless', severity: 'notice', message: `nobody is logged in at the screen: there is no ${gui}`, hint },
  ];
}

/** systemd: without lingering, the user manager and all sockets go with the last session: loginctl(1). */
export async function checkLingering({ platform, uid, run }: Host): Promise<Diagnosis[]> {
  if (platform !== 'linux') return [];
  const { status, stdout } = await run(['loginctl', 'show-user', String(uid), '--property', 'Linger', '--value']);
  const isOff = status === 0 ? stdout.trim() === 'no' : !existsSync(`/var/lib/systemd/linger/${uid}`);
  if (!isOff || uid === 0) return [];
  const hint = 'To have them without a session: loginctl enable-linger';
  return [{ id: 'no-lingering', severity: 'notice', message: 'agents go when you log out', hint }];
}
