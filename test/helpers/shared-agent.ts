/** One agent for all tests of a file: in tests of a client, a separate agent for each would prove nothing more. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { type Activator, createActivator } from '../../src/holder/activator.ts';
import { ENTRY } from './agent.ts';
import { removeFolder, SHORT_TEMP } from './temp-dir.ts';

/**
 * To be called while tests are declared. The agent's folder is removed after the last of them.
 * @param flagsIn returns, at the first test, the flags of `launchpool run` beside the module; may create files in the
 *   folder.
 * @returns a function that returns the path of the agent's socket.
 */
export function sharedAgent(
  module: string,
  flagsIn: (folder: string) => readonly string[] = () => [],
  program: string = ENTRY,
) {
  let held: Promise<{ folder: string; socketPath: string; activator: Activator }> | undefined;
  test.after.always(async () => {
    if (held === undefined) return;
    const { folder, activator } = await held;
    await activator.close();
    await removeFolder(folder);
  });

  async function hold() {
    const folder = mkdtempSync(join(SHORT_TEMP, 'lp-'));
    const socketPath = join(folder, 'a.sock');
    const flags = ['--log-level', 'silent', ...flagsIn(folder)];
    const activator = await createActivator({
      socketPath,
      command: [process.execPath, program, 'run', module, ...flags],
    });
    return { folder, socketPath, activator };
  }

  return async (): Promise<string> => {
    held ??= hold();
    return (await held).socketPath;
  };
}
