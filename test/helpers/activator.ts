/** Activators for tests: any program can stand in for the agent, and tests can wait for events. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { ExecutionContext } from 'ava';
import {
  type Activator,
  type ActivatorEvent,
  type ActivatorOptions,
  createActivator,
} from '../../src/holder/activator.ts';
import { ENTRY, fixture } from './agent.ts';
import { createHistory, type History } from './history.ts';
import { tempDir } from './temp-dir.ts';

export type Activated = Activator &
  Omit<History<ActivatorEvent>, 'add'> & {
    socketPath: string;
    controlPath: string;
  };

/** Holds a socket for the program. When the test ends, the socket is closed and the program ended. */
export async function activate(
  t: ExecutionContext,
  command: ActivatorOptions['command'],
  options: Partial<ActivatorOptions> = {},
): Promise<Activated> {
  const socketPath = options.socketPath ?? join(await tempDir(t), 'a.sock');
  const { add, ...history } = createHistory<ActivatorEvent>();
  const activator = await createActivator({ ...options, socketPath, command, onEvent: add });
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= activator.close();
    return closed;
  };
  t.teardown(close);
  return {
    ...activator,
    ...history,
    close,
    socketPath,
    controlPath: socketPath.replace(/\.sock$/, '.control.sock'),
  };
}

/** The command of a real agent, without log output. */
export function agentCommand(module: string, flags: readonly string[] = []): ActivatorOptions['command'] {
  return [process.execPath, ENTRY, 'run', fixture(module), '--log-level', 'silent', ...flags];
}

/** The command of a program in the agent's place: test/fixtures/programs/serve.mjs. */
export function serveCommand(...flags: readonly string[]): ActivatorOptions['command'] {
  return [process.execPath, fixture('programs/serve.mjs'), ...flags];
}

/** Connects and returns everything the other side sends; serve.mjs sends its process id. */
export async function listenTo(path: string): Promise<string> {
  const socket = connect(path);
  await once(socket, 'connect');
  return text(socket);
}

/** Whether a process with this id exists. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
