/** Agents for tests: the real program, under the real activator. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { type Activator, type ActivatorEvent, createActivator } from '../../src/holder/activator.ts';
import { createHistory, type History } from './history.ts';
import { tempDir } from './temp-dir.ts';

/** The command line as it stands in the sources, which `dev` in a checkout and `npm start` run. */
export const SOURCES: string = fileURLToPath(new URL('../../src/cli/entry.ts', import.meta.url));

/** The command line: built by test/run.ts, or whatever LAUNCHPOOL_TEST_PROGRAM names; without that, the sources. */
export const ENTRY: string = process.env.LAUNCHPOOL_TEST_PROGRAM ?? SOURCES;

/** The path of a file under test/fixtures. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
}

export type TestAgent = Omit<History<ActivatorEvent>, 'add'> & {
  socketPath: string;
  controlPath: string;
  activator: Activator;
};

/**
 * Holds a socket for an agent, which starts with the first connection.
 * @param module a path, such as `fixture('agents/echo.ts')` gives it.
 * @param flags what `launchpool run` is told beside the module.
 */
export async function holdAgent(
  t: ExecutionContext,
  module: string,
  flags: readonly string[] = [],
  program: string = ENTRY,
): Promise<TestAgent> {
  const socketPath = join(await tempDir(t), 'a.sock');
  const { add, ...history } = createHistory<ActivatorEvent>();
  const activator = await createActivator({
    socketPath,
    command: [process.execPath, program, 'run', module, '--log-level', 'silent', ...flags],
    onEvent: add,
  });
  t.teardown(() => activator.close());
  return { ...history, socketPath, controlPath: socketPath.replace(/\.sock$/, '.control.sock'), activator };
}
