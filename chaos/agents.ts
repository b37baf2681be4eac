/** The agents of the suite: the real program under the real holder, with a record of its processes. */
import { EventEmitter, once } from 'node:events';
import { join } from 'node:path';
import { NODE_FLAGS } from '../src/activation/node-flags.ts';
import { type ActivatorEvent, type ActivatorOptions, createActivator } from '../src/holder/activator.ts';
import { ENTRY, fixture } from '../test/helpers/agent.ts';
import type { Scope } from './scope.ts';

export const BUSY: string = join(import.meta.dirname, 'agents', 'busy.ts');
export const SLOW_SETUP: string = join(import.meta.dirname, 'agents', 'slow-setup.ts');
export const LARGE: string = join(import.meta.dirname, 'agents', 'large.ts');
export const RAW: string = fixture('agents/misbehaving-raw.ts');
export const ECHO: string = fixture('agents/echo.ts');

type Name = ActivatorEvent['event'];
type Event<Of extends Name> = Extract<ActivatorEvent, { event: Of }>;
export type Signal = 'SIGKILL' | 'SIGTERM' | 'SIGHUP';

/**
 * The kernel closes the connections of a process before it reports the exit, so clients notice both at the same time. A
 * busy event loop here may see the close this much later than the exit.
 */
const EXIT_TOLERANCE_MS = 1_000;

/** One process of an agent. */
export type AgentProcess = {
  readonly pid: number;
  /** The signals that the suite has sent to it. */
  readonly signals: Signal[];
  /** When its exit was noticed, on the clock of performance.now(). */
  exitedAt?: number;
  /** The exit status or signal, unless it ended with status 0. */
  crash?: string;
};

export type HeldAgent = {
  readonly name: string;
  readonly socketPath: string;
  readonly controlPath: string;
  /** The id of the running process. */
  readonly pid: number | undefined;
  /** In the order of their start. */
  readonly processes: readonly AgentProcess[];
  /** Whether one of the signals was sent to a process that still ran at `since`, or had exited just before. */
  wasSent(signals: readonly Signal[], since: number): boolean;
  /** The number of events of that name. */
  times(name: Name): number;
  /** The last event of that name. */
  last<Of extends Name>(name: Of): Event<Of> | undefined;
  /** Resolves when an event of that name has occurred `times` times. */
  reached(name: Name, times: number): Promise<void>;
  /** @returns whether a process was running. */
  signal(signal: Signal): boolean;
  close(): Promise<void>;
};

export type HoldOptions = {
  name: string;
  module: string;
  flags?: readonly string[];
  /** A command in front of the agent's command line, for instance a shell that sets limits. */
  wrap?: readonly string[];
  logLevel?: string;
  /** Additional variables of the agent's environment. */
  env?: ActivatorOptions['env'];
};

export async function holdAgent(scope: Scope, options: HoldOptions): Promise<HeldAgent> {
  const { name, module, flags = [], wrap = [], logLevel = 'silent', env } = options;
  const socketPath = join(scope.folder, `${name}.sock`);
  const emitter = new EventEmitter().setMaxListeners(0);
  const counts = new Map<Name, number>();
  const latest = new Map<Name, ActivatorEvent>();
  const processes: AgentProcess[] = [];
  let current: AgentProcess | undefined;
  const command = [...wrap, process.execPath, ...NODE_FLAGS, ENTRY, 'run', module, '--log-level', logLevel, ...flags];
  const activator = await createActivator({
    socketPath,
    command: command as [string, ...string[]],
    ...(env === undefined ? {} : { env: { ...process.env, ...env } }),
    onEvent(event) {
      counts.set(event.event, (counts.get(event.event) ?? 0) + 1);
      latest.set(event.event, event);
      if (event.event === 'started') {
        current = { pid: event.pid, signals: [] };
        processes.push(current);
      } else if (current !== undefined) {
        current.exitedAt = performance.now();
        if (event.event === 'crashed') current.crash = event.status;
        current = undefined;
      }
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
      return current?.pid;
    },
    processes,
    wasSent: (signals, since) =>
      processes.some(
        ({ signals: sent, exitedAt = since }) =>
          exitedAt + EXIT_TOLERANCE_MS >= since && sent.some((signal) => signals.includes(signal)),
      ),
    times,
    last: (event) => latest.get(event) as never,
    async reached(event, count) {
      while (times(event) < count) await once(emitter, 'event');
    },
    signal(signal) {
      if (!current?.pid) return false;
      current.signals.push(signal);
      return process.kill(current.pid, signal);
    },
    close,
  };
}

/** A shell that limits the number of descriptors and then becomes the agent. */
export function withDescriptors(max: number): [string, ...string[]] {
  return ['/bin/sh', '-c', `ulimit -n ${max} && exec "$0" "$@"`];
}
