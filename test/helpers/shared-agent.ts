/** One agent for all tests of a file: where what is tested is a client, another agent each time would prove nothing more. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { type Activator, createActivator } from '../../src/holder/activator.ts';
import { ENTRY } from './agent.ts';

/**
 * To be called while tests are declared. The agent's folder is removed after the last of them.
 * @param flagsIn says, when the first test asks, what `launchpool run` is told beside the module; it may put files into
 * the folder.
 * @returns what gives the path of its socket.
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
    rmSync(folder, { recursive: true, force: true });
  });

  async function hold() {
    const folder = mkdtempSync(join(tmpdir(), 'lp-'));
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
