/** Looks again and again at how an agent is doing, and never wakes it: one question at a time, on one connection. */
import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { JobStatus } from '../../job/supervisor.ts';
import { controlPathOf } from '../../wire/address.ts';
import { toPlain } from '../../wire/errors.ts';
import { connectRpc, type RpcClient } from '../client/rpc.ts';
import { type InstallOptions, placeOf } from '../install/plan.ts';
import { hostOf } from '../installed/host.ts';
import { layoutOf } from '../installed/layout.ts';
import { installedLabels, mustBeInstalled } from '../installed/record.ts';
import type { ProcessStatus } from './ask-agent.ts';

/** How long an answer that is late is waited for, in milliseconds: others are waiting too. */
const LATE_MS = 50;

export type Observation = {
  /** What the supervisor says, or that a process answers; `no-process` where there is no supervisor to be asked. */
  state: JobStatus['state'] | 'no-process';
  /** In words, where the state alone does not say it all. */
  detail?: string | undefined;
  /** What the process says of itself, if there is one. */
  process?: ProcessStatus;
};

export type Observer = {
  /** The label, or the path. */
  readonly name: string;
  /** Waits for an answer no longer than that; once it is late, a look each time whether it has come. */
  next(timeoutMs: number): Promise<Observation>;
  close(): void;
};

type Where = Pick<InstallOptions, 'supervisor' | 'host'>;

/**
 * @param target a label, or the path of a socket.
 * @throws ERR_LAUNCHPOOL_ADDRESS_INVALID, ERR_LAUNCHPOOL_NOT_INSTALLED
 */
export function observe(target: string, where: Where = {}): Observer {
  const label = labelOfTarget(target, where);
  if (label === undefined) return observeProcess(target, controlPathOf(resolve(target)), async () => undefined);
  const { supervisor, host, layout } = placeOf({ label, ...where });
  mustBeInstalled(label, host);
  return observeProcess(target, layout.sockets.control, () => supervisor.status(label));
}

/** The labels of all installed agents. */
export function allLabels({ host }: Where = {}): string[] {
  return installedLabels(hostOf(host));
}

/** The label of an installed agent that is given by its path: its supervisor must be asked before it is. */
export function labelOfTarget(target: string, where: Where = {}): string | undefined {
  if (!target.includes('/')) return target;
  const host = hostOf(where.host);
  const path = resolve(target);
  return installedLabels(host).find((label) => layoutOf(label, host).sockets.agent === path);
}

/**
 * A holder of ours starts nothing for a question, which waits with it for the next process then. launchd and systemd
 * would start one: they are asked first, and only while there is no connection.
 * @param job what the supervisor says, if there is one.
 */
function observeProcess(name: string, path: string, job: () => Promise<JobStatus | undefined>): Observer {
  let client: RpcClient | undefined;
  let answer: Promise<Observation> | undefined;
  /** What is said of one that does not answer. */
  let unanswered: Observation = { state: 'no-process' };

  async function ask({ call }: RpcClient): Promise<Observation> {
    try {
      return { state: 'running', process: (await call('status', [])) as ProcessStatus };
    } catch (error) {
      return { state: 'no-process', detail: toPlain(error).message };
    } finally {
      answer = undefined;
    }
  }

  /** What there is to say without a process; undefined when there is one to be asked. */
  async function connect(): Promise<Observation | undefined> {
    try {
      const found = await job();
      if (found !== undefined && found.state !== 'running') {
        // A question that came too late for the process must not wait for the next one.
        client?.close();
        return { state: found.state, detail: found.detail };
      }
      if (found !== undefined) unanswered = { state: 'running', detail: 'does not answer' };
      if (client === undefined || client.closed) client = await connectRpc(path, { activationMs: 0 });
      return undefined;
    } catch (error) {
      return { state: 'unknown', detail: toPlain(error).message };
    }
  }

  return {
    name,
    async next(timeoutMs) {
      if (client === undefined || client.closed || answer !== undefined) {
        const found = await connect();
        if (found !== undefined) return found;
      }
      const waitMs = answer === undefined ? timeoutMs : LATE_MS;
      answer ??= ask(client as RpcClient);
      const giveUp = new AbortController();
      const timeout = wait(waitMs, undefined, giveUp).then(
        () => undefined,
        () => undefined,
      );
      const found = await Promise.race([answer, timeout]);
      giveUp.abort();
      return found ?? unanswered;
    },
    close() {
      client?.close();
    },
  };
}
