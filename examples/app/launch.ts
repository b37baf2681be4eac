/**
 * What an application does about its agent when it is launched: copies it, writes what launchd or systemd reads, has it
 * loaded, each only where something has changed since the last launch, and opens the socket.
 */
import { fileURLToPath } from 'node:url';
import {
  connectRaw,
  type Installed,
  type InstallOptions,
  install,
  type RawClient,
  uninstall,
} from '../../src/index.ts';

export const LABEL = 'com.example.launchpool.app';

/** What another launch of the same application may want otherwise. */
export type LaunchOptions = Partial<Pick<InstallOptions, 'node' | 'supervisor' | 'host' | 'env' | 'agent'>>;

export async function launch(options: LaunchOptions = {}): Promise<{ installed: Installed; client: RawClient }> {
  const installed = await install({
    label: LABEL,
    module: fileURLToPath(new URL('../rot13/raw.ts', import.meta.url)),
    // An application of its own would name itself here, and System Settings would show the agent as a part of it:
    // bundleIdentifiers: ['com.example.app'],
    ...options,
  });
  return { installed, client: await connectRaw(installed.socket) };
}

/** What its uninstaller does. */
export async function remove({ supervisor, host }: LaunchOptions = {}): Promise<void> {
  await uninstall({ label: LABEL, supervisor, host });
}
