/** Checks of the machine and the session, which concern all agents. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Supervisor } from '../../../job/supervisor.ts';
import { domainsOf } from '../../../launchd/paths.ts';
import { checkLabel } from '../../../wire/address.ts';
import { toPlain } from '../../../wire/errors.ts';
import type { Host } from '../../installed/host.ts';
import { layoutOf, parentOf, RECORD } from '../../installed/layout.ts';
import type { Diagnosis } from './finding.ts';

/** @param pick picks the supervisor; its errors are findings too. */
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
 * Finds agents whose socket paths are too long for a socket, as after a move of the home folder.
 * @param label checks this agent only. @default all agents
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
        const hint =
          'Uninstall the agent from a shorter home folder, or remove its folder. Then choose a shorter label.';
        return [{ id: 'path-too-long', label: name, severity: 'problem', message: toPlain(error).message, hint }];
      }
    });
}

/** On macOS, the folders of applications are beside those of agents. */
function isLabel(name: string): boolean {
  try {
    checkLabel(name);
    return true;
  } catch {
    return false;
  }
}

/** launchd: without a login at the screen, agents run in the user domain, without a keychain. */
export async function checkHeadless({ platform, uid, run }: Host): Promise<Diagnosis[]> {
  if (platform !== 'darwin') return [];
  const [gui] = domainsOf(uid);
  const { status } = await run(['/bin/launchctl', 'print', gui]);
  if (status === 0) return [];
  const hint =
    'Agents work, without a keychain and without windows. After a restart they are loaded by a login at the screen, or by --fix.';
  return [
    {
      id: 'headless',
      severity: 'notice',
      message: `no user is logged in at the screen: the domain ${gui} is missing`,
      hint,
    },
  ];
}

/** systemd: without lingering, the user manager and all sockets end with the last session: loginctl(1). */
export async function checkLingering({ platform, uid, run }: Host): Promise<Diagnosis[]> {
  if (platform !== 'linux') return [];
  const { status, stdout } = await run(['loginctl', 'show-user', String(uid), '--property', 'Linger', '--value']);
  const isOff = status === 0 ? stdout.trim() === 'no' : !existsSync(`/var/lib/systemd/linger/${uid}`);
  if (!isOff || uid === 0) return [];
  const hint = 'To keep agents without a session, run: loginctl enable-linger';
  return [{ id: 'no-lingering', severity: 'notice', message: 'agents end when you log out', hint }];
}
