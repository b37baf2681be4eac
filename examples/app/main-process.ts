/** The main process of an Electron application: installs the agent that the application ships, and calls it. */
import { join } from 'node:path';
import { type InstallOptions, install } from 'launchpool';
import { type Agent, connect } from 'launchpool/client';

const LABEL = 'com.example.app.agent';

/**
 * @param resources the folder of the application's resources: `process.resourcesPath` in Electron.
 * @param options what differs in development, such as another Node.
 */
export async function openAgent(
  resources: string,
  options: Partial<InstallOptions> = {},
): Promise<Agent<typeof import('../rot13/rpc.ts')>> {
  const { socket } = await install({
    label: LABEL,
    module: join(resources, 'agent', 'rpc.ts'),
    node: join(resources, 'node'), // Electron itself is no Node for an agent
    copyNode: true, // the agent outlives a move of the application
    ...options,
  });
  return connect(socket);
}
