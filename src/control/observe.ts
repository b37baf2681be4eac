/** Observes an agent: reads its status again and again, without starting it. One request at a time, on one connection. */
import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { JobStatus } from '../../job/supervisor.ts';
import { controlPathOf } from '../../wire/address.ts';
import { toPlain } from '../../wire/errors.ts';
import { labelOfTarget } from '../installed/labels.ts';
import { layoutOf } from '../installed/layout.ts';
import type { HostOptions } from '../installed/place.ts';
import { readingPlaceOf } from '../installed/reading-place.ts';
import { mustBeInstalled } from '../installed/record.ts';
import { withStop } from '../installed/stop-marker.ts';
import { CONTROL_TIMEOUTS, type ControlClient, connectControl, type ProcessStatus } from './client.ts';

export type Observation = {
  /** The job's state, or `running` if the process answers; `no-process` for a socket without a supervisor. */
  state: JobStatus['state'] | 'no-process';
  /** An explanation of the state, for people. */
  detail?: string | undefined;
  /** The status that the process reports, if there is a process and it answers. */
  process?: ProcessStatus;
};

export type Observer = {
  /** The label, or the path. */
  readonly name: string;
  /** Waits up to `timeoutMs` for a reply. While a reply is late, each call only checks whether it has arrived. */
  next(timeoutMs: number): Promise<Observation>;
  close(): void;
};

/**
 * @param target a label, or the path of a socket.
 * @throws ERR_LAUNCHPOOL_ADDRESS_INVALID, ERR_LAUNCHPOOL_NOT_INSTALLED
 */
export function observe(target: string, options: HostOptions = {}): Observer {
  const label = labelOfTarget(target, options);
  if (label === undefined) return observeProcess(target, controlPathOf(resolve(target)), async () => undefined);
  const { reader, host } = readingPlaceOf(options);
  const layout = layoutOf(label, host);
  mustBeInstalled(label, host);
  return observeProcess(target, layout.sockets.control, async () =>
    withStop(await reader.status(label), label, layout),
  );
}

/**
 * The embedded holder starts no agent for a control connection, which then waits for the next process. launchd and systemd
 * start an agent for it, so they are asked first whenever there is no connection.
 * @param jobStatus asks the supervisor; undefined without a supervisor.
 */
function observeProcess(name: string, controlPath: string, jobStatus: () => Promise<JobStatus | undefined>): Observer {
  let client: ControlClient | undefined;
  let reply: Promise<Observation> | undefined;
  /** The observation while there is no reply. */
  let withoutReply: Observation = { state: 'no-process' };

  async function request({ status }: ControlClient): Promise<Observation> {
    try {
      return { state: 'running', process: await status() };
    } catch (error) {
      return { state: 'no-process', detail: toPlain(error).message };
    } finally {
      reply = undefined;
    }
  }

  /** Returns the observation of an agent without a process; undefined after connecting to a process. */
  async function connect(): Promise<Observation | undefined> {
    try {
      const job = await jobStatus();
      if (job !== undefined && job.state !== 'running') {
        // A request that reached the socket after the process had exited must not wait for the next process.
        client?.close();
        return { state: job.state, detail: job.detail };
      }
      if (job !== undefined) withoutReply = { state: 'running', detail: 'does not answer' };
      if (client === undefined || client.closed) client = await connectControl(controlPath);
      return undefined;
    } catch (error) {
      return { state: 'unknown', detail: toPlain(error).message };
    }
  }

  return {
    name,
    async next(timeoutMs) {
      if (client === undefined || client.closed || reply !== undefined) {
        const observation = await connect();
        if (observation !== undefined) return observation;
      }
      const waitMs = reply === undefined ? timeoutMs : CONTROL_TIMEOUTS.lateReply;
      reply ??= request(client as ControlClient);
      const timer = new AbortController();
      const timeout = wait(waitMs, undefined, { signal: timer.signal }).then(
        () => undefined,
        () => undefined,
      );
      const observation = await Promise.race([reply, timeout]);
      timer.abort();
      return observation ?? withoutReply;
    },
    close() {
      client?.close();
    },
  };
}
