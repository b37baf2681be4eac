/** The embedded holder as a supervisor: a program holds the sockets of its agents itself, while it runs. */
import { existsSync } from 'node:fs';
import type { Job } from '../../job/job.ts';
import type { JobStatus, Supervisor } from '../../job/supervisor.ts';
import { type Activator, type ActivatorEvent, createActivator } from './activator.ts';

export type Embedded = Supervisor & {
  /** Ends all agents and closes their sockets. */
  close(): Promise<void>;
};

type HeldJob = { activator: Activator; last: ActivatorEvent; job: Job };

export type EmbeddedOptions = { onEvent?: (label: string, event: ActivatorEvent) => void };

export function createEmbedded({ onEvent = () => undefined }: EmbeddedOptions = {}): Embedded {
  const held = new Map<string, HeldJob>();

  async function hold(job: Job): Promise<void> {
    let last: ActivatorEvent = { event: 'waiting' };
    const activator = await createActivator({
      socketPath: job.sockets.agent,
      controlPath: job.sockets.control,
      command: job.command,
      env: { HOME: process.env.HOME ?? '/', ...job.env },
      cwd: job.workingDirectory,
      logFile: job.logFile,
      stopMs: job.stopSeconds * 1000,
      onEvent(event) {
        last = event;
        onEvent(job.label, event);
      },
    });
    held.set(job.label, {
      activator,
      job,
      get last() {
        return last;
      },
    });
  }

  async function release(label: string): Promise<void> {
    const job = held.get(label);
    held.delete(label);
    await job?.activator.close();
  }

  return {
    name: 'embedded',
    check: async () => undefined,
    filesOf: () => [],
    pathsOf: () => [],
    loading: () => [],
    async load(job) {
      const loaded = held.get(job.label);
      if (
        JSON.stringify(loaded?.job) === JSON.stringify(job) &&
        Object.values(job.sockets).every((path) => existsSync(path))
      )
        return;
      await release(job.label);
      await hold(job);
    },
    unload: release,
    forget: async () => undefined,
    async dismiss(label) {
      const job = held.get(label);
      const pid = job?.last.event === 'started' ? job.last.pid : undefined;
      if (pid !== undefined) job?.activator.restart();
      return pid;
    },
    async status(label) {
      const job = held.get(label);
      return job === undefined ? { state: 'not-installed', listening: false } : statusOf(job.last);
    },
    logCommand: () => undefined,
    async close() {
      await Promise.all([...held.keys()].map(release));
    },
  };
}

function statusOf(last: ActivatorEvent): JobStatus {
  switch (last.event) {
    case 'waiting':
    case 'left':
      return { state: 'idle', listening: true };
    case 'started':
      return { state: 'running', listening: true, pid: last.pid };
    case 'crashed':
      return {
        state: 'throttled',
        listening: true,
        lastExit: last.status,
        detail: `the last process ended with ${last.status}`,
      };
  }
}
