/** Agents for the suite: the real program, under the real activator, with what has become of their processes. */
import { EventEmitter, once } from 'node:events';
import { join } from 'node:path';
import { NODE_FLAGS } from '../src/activation/node-flags.ts';
import { type ActivatorEvent, type ActivatorOptions, createActivator } from '../src/holder/activator.ts';
import { ENTRY, fixture } from '../test/helpers/agent.ts';
import type { Scope } from './scope.ts';

export const BUSY: string = join(import.meta.dirname, 'agents', 'busy.ts');
export const RAW: string = fixture('agents/misbehaving-raw.ts');
export const ECHO: string = fixture('agents/echo.ts');

type Name = ActivatorEvent['event'];
type Event<Of extends Name> = Extract<ActivatorEvent, { event: Of }>;
export type Signal = 'SIGKILL' | 'SIGTERM' | 'SIGHUP';

/**
 * The kernel closes the connections of a process before it tells that the process is gone, so whoever was connected
 * hears of it in the same moment; this much later, when there is too much to do here.
 */
const NEWS_MS = 1_000;

/** One of an agent's processes, one after the other. */
export type Life = {
  readonly pid: number;
  /** What was sent to it from here. */
  readonly sent: Signal[];
  /** When its end was heard of, on the clock of performance.now(). */
  goneAt?: number;
  /** How it ended, unless it has left. */
  crash?: string;
};

export type HeldAgent = {
  readonly name: string;
  readonly socketPath: string;
  readonly controlPath: string;
  /** Of the process that runs now. */
  readonly pid: number | undefined;
  /** The first one first. */
  readonly lives: readonly Life[];
  /** Whether one of its processes was sent such a signal, and was not gone yet at that time, or had only just gone. */
  wasSent(signals: readonly Signal[], since: number): boolean;
  /** How often that has happened. */
  times(name: Name): number;
  /** What has happened last of that name. */
  last<Of extends Name>(name: Of): Event<Of> | undefined;
  /** Resolves when something of that name has happened so many times. */
  reached(name: Name, times: number): Promise<void>;
  /** @returns whether there was a process to send it to. */
  signal(signal: Signal): boolean;
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

export async function holdAgent(scope: Scope, options: HoldOptions): Promise<HeldAgent> {
  const { name, module, flags = [], wrap = [], logLevel = 'silent', env } = options;
  const socketPath = join(scope.folder, `${name}.sock`);
  const emitter = new EventEmitter().setMaxListeners(0);
  const counts = new Map<Name, number>();
  const latest = new Map<Name, ActivatorEvent>();
  const lives: Life[] = [];
  let life: Life | undefined;
  const command = [...wrap, process.execPath, ...NODE_FLAGS, ENTRY, 'run', module, '--log-level', logLevel, ...flags];
  const activator = await createActivator({
    socketPath,
    command: command as [string, ...string[]],
    ...(env === undefined ? {} : { env: { ...process.env, ...env } }),
    onEvent(event) {
      counts.set(event.event, (counts.get(event.event) ?? 0) + 1);
      latest.set(event.event, event);
      if (event.event === 'started') {
        life = { pid: event.pid, sent: [] };
        lives.push(life);
      } else if (life !== undefined) {
        life.goneAt = performance.now();
        if (event.event === 'crashed') life.crash = event.status;
        life = undefined;
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
      return life?.pid;
    },
    lives,
    wasSent: (signals, since) =>
      lives.some(
        ({ sent, goneAt = since }) => goneAt + NEWS_MS >= since && sent.some((signal) => signals.includes(signal)),
      ),
    times,
    last: (event) => latest.get(event) as never,
    async reached(event, wanted) {
      while (times(event) < wanted) await once(emitter, 'event');
    },
    signal(signal) {
      if (!life?.pid) return false;
      life.sent.push(signal);
      return process.kill(life.pid, signal);
    },
    close,
  };
}

/** A shell that allows so many descriptors and becomes the agent. */
export function withDescriptors(max: number): [string, ...string[]] {
  return ['/bin/sh', '-c', `ulimit -n ${max} && exec "$0" "$@"`];
}
