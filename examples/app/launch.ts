/**
 * The steps of an application at its launch: installs its agent, which copies the module, writes the files of launchd or
 * systemd and loads them, each only after a change since the last launch; then opens the socket.
 */
import { fileURLToPath } from 'node:url';
import { connectRaw, type Installed, type InstallOptions, install, type RawClient, uninstall } from 'launchpool';

export const LABEL = 'com.example.launchpool.app';

/** Options in which launches of the same application may differ. */
export type LaunchOptions = Partial<Pick<InstallOptions, 'node' | 'supervisor' | 'host' | 'env' | 'agent'>>;

export async function launch(options: LaunchOptions = {}): Promise<{ installed: Installed; client: RawClient }> {
  const installed = await install({
    label: LABEL,
    module: fileURLToPath(new URL('../rot13/raw.ts', import.meta.url)),
    // An application with a bundle of its own names it here; System Settings then shows the agent as a part of it:
    // bundleIdentifiers: ['com.example.app'],
    ...options,
  });
  return { installed, client: await connectRaw(installed.socket) };
}

/** For the uninstaller of the application. */
export async function remove({ supervisor, host }: LaunchOptions = {}): Promise<void> {
  await uninstall({ label: LABEL, supervisor, host });
}
