/** Agents for the suite: the real program, under the real activator, with what has become of their processes. */
import { EventEmitter, once } from 'node:events';
import { join } from 'node:path';
import { type ActivatorEvent, type ActivatorOptions, createActivator } from '../src/supervisor/activator.ts';
import { ENTRY, fixture } from '../test/helpers/agent.ts';
import type { Scope } from './scope.ts';

export const BUSY: string = join(import.meta.dirname, 'agents', 'busy.ts');
export const RAW: string = fixture('agents/misbehaving-raw.ts');
export const ECHO: string = fixture('agents/echo.ts');

type Name = ActivatorEvent['event'];
type Event<Of extends Name> = Extract<ActivatorEvent, { event: Of }>;

export type Held = {
  readonly name: string;
  readonly socketPath: string;
  readonly controlPath: string;
  /** Of the process that runs now. */
  readonly pid: number | undefined;
  /** When it was killed last, on the clock of performance.now(). */
  readonly killedAt: number;
  /** How often that has happened. */
  times(name: Name): number;
  /** What has happened last of that name. */
  last<Of extends Name>(name: Of): Event<Of> | undefined;
  /** Resolves when something of that name has happened so many times. */
  reached(name: Name, times: number): Promise<void>;
  /** @returns whether there was a process to send it to. */
  signal(signal: 'SIGKILL' | 'SIGTERM' | 'SIGHUP'): boolean;
  close(): Promise<void>;
};

export type HoldOptions = {
  name: string;
  module: string;
  flags?: readonly string[];
  /** What stands before the agent's own command line: a shell with other limits, for instance. */
  wrap?: readonly string[];
  logLevel?: string;
  /** As they are meant for the agent. */
  env?: ActivatorOptions['env'];
};

export async function holdAgent(scope: Scope, options: HoldOptions): Promise<Held> {
  const { name, module, flags = [], wrap = [], logLevel = 'silent', env } = options;
  const socketPath = join(scope.folder, `${name}.sock`);
  const emitter = new EventEmitter().setMaxListeners(0);
  const counts = new Map<Name, number>();
  const latest = new Map<Name, ActivatorEvent>();
  let pid: number | undefined;
  let killedAt = Number.NEGATIVE_INFINITY;
  const command = [...wrap, process.execPath, ENTRY, 'run', module, '--log-level', logLevel, ...flags];
  const activator = await createActivator({
    socketPath,
    command: command as [string, ...string[]],
    ...(env === undefined ? {} : { env: { ...process.env, ...env } }),
    onEvent(event) {
      counts.set(event.event, (counts.get(event.event) ?? 0) + 1);
      latest.set(event.event, event);
      if (event.event === 'started') pid = event.pid;
      else pid = undefined;
      emitter.emit('event');
    },
  });
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= activator.close();
    return closing;
  };
  scope.defer(close);
  const times = (event: Name): number => counts.get(event) ?? 0;
  return {
    name,
    socketPath,
    controlPath: socketPath.replace(/\.sock$/, '.control.sock'),
    get pid() {
      return pid;
    },
    get killedAt() {
      return killedAt;
    },
    times,
    last: (event) => latest.get(event) as never,
    async reached(event, wanted) {
      while (times(event) < wanted) await once(emitter, 'event');
    },
    signal(signal) {
      if (!pid) return false;
      if (signal === 'SIGKILL') killedAt = performance.now();
      return process.kill(pid, signal);
    },
    close,
  };
}

/** A shell that allows so many descriptors and becomes the agent. */
export function withDescriptors(most: number): string[] {
  return ['/bin/sh', '-c', `ulimit -n ${most} && exec "$0" "$@"`];
}
