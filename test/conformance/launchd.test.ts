/**
 * launchd. On macOS the real one, where only the files of this label in the user's home are read or changed. Elsewhere its
 * double: test/helpers/launchd/double.ts.
 */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { type RunCommand, runCommand } from '../../job/run-command.ts';
import { domainsOf } from '../../launchd/paths.ts';
import { launchdChanges } from '../helpers/changes.ts';
import { createLaunchdDouble } from '../helpers/launchd/double.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { treeOf } from '../helpers/tree.ts';
import { conformance, type Ground } from './suite.ts';

async function onMac(): Promise<Ground> {
  const library = join(homedir(), 'Library');
  const folderOf = (label: string): string => join(library, 'Application Support', label);
  const plistOf = (label: string): string => join(library, 'LaunchAgents', `${label}.plist`);
  const commands: string[][] = [];
  const run: RunCommand = (command) => {
    commands.push([...command]);
    return runCommand(command);
  };
  return {
    host: { run },
    changes: () => launchdChanges(commands),
    tree: (label) => [
      ...(existsSync(folderOf(label)) ? treeOf(folderOf(label)) : []),
      ...(existsSync(plistOf(label)) ? [plistOf(label)] : []),
    ],
    // The sockets are in the folder.
    left: (label) => [folderOf(label), plistOf(label)].filter(existsSync),
    async loaded(labels) {
      const targets = labels.flatMap((label) =>
        domainsOf(process.getuid?.() ?? 0).map((domain) => `${domain}/${label}`),
      );
      const results = await Promise.all(targets.map((target) => runCommand(['/bin/launchctl', 'print', target])));
      return targets.filter((_, index) => results[index]?.status === 0);
    },
  };
}

async function elsewhere(t: ExecutionContext): Promise<Ground> {
  const home = join(await tempDir(t), 'h');
  await mkdir(home);
  const launchd = createLaunchdDouble(t, { home });
  return {
    host: { platform: 'darwin', home, uid: 501, env: {}, run: launchd.run },
    changes: () => launchdChanges(launchd.commands),
    tree: () => treeOf(home),
    reboot: () => launchd.restart(['gui/501', 'user/501']),
  };
}

conformance('launchd', process.platform === 'darwin' ? onMac : elsewhere);
