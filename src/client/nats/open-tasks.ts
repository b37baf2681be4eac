/** Stores calls for later in JetStream, and fetches their outcomes. Loaded only for them. */
import type { LaunchpoolError } from '../../../wire/errors.ts';
import { encodeRequest, readError } from '../../../wire/json-rpc-call.ts';
import { isNotReady, type JetStream, openJetStream } from '../../nats/later/jetstream.ts';
import { type OutcomeBody, parseOutcome, roomIn } from '../../nats/later/task-messages.ts';
import { checkTaskId, newTaskId, outcomeSubject, streamsOf, taskSubject } from '../../nats/later/task-names.ts';
import type { NatsSubscription } from '../../nats/nats-types.ts';
import { limitCall, timeoutForAgent } from '../call-options.ts';
import { describedAs } from '../described.ts';
import { isStreamParam } from '../outgoing-stream.ts';
import type { EnqueueOptions, ResultOptions, TaskClient, TaskConnectOptions, TaskOutcome } from '../task-types.ts';
import { traceFor } from '../trace.ts';
import { createKeepAlive } from './keep-alive.ts';
import type { NatsServiceOptions } from './nats-service.ts';
import { connectTo } from './open-nats-session.ts';
import { createTaskErrors, isKnownTask, streamInTask, taskTooLong } from './task-errors.ts';

export { checkTaskId };

/** The message is sent again when no confirmation comes in 5 s: JetStream knows it by its id. */
const PUBLISHED = { retries: 3, timeout: 5_000 };
/** Between two questions for an outcome: an instance tells of it, but what it tells may get lost. */
const POLL_MS = 2_000;
/** When an instance has told of an outcome that is not stored yet. */
const SOON_MS = 50;

/** @throws ERR_LAUNCHPOOL_ADDRESS_INVALID, ERR_LAUNCHPOOL_NATS_MISSING, ERR_LAUNCHPOOL_CONNECT_FAILED */
export async function openTasks(target: string, options: TaskConnectOptions): Promise<TaskClient> {
  const connection = await connectTo(target, options);
  try {
    const client = createTaskClient(connection, await openJetStream(connection.nats, options.jetstream));
    return Object.setPrototypeOf(client, describedAs('TaskClient', target));
  } catch (error) {
    if (connection.isOwned) await connection.nats.close();
    throw error;
  }
}

function createTaskClient({ nats, name, place, isOwned }: NatsServiceOptions, jetStream: JetStream): TaskClient {
  const streams = streamsOf(name);
  const publisher = jetStream.jetstream();
  const errors = createTaskErrors(place, { jetStream, streams });
  const keepAlive = isOwned ? createKeepAlive(nats) : () => undefined;
  let open = 0;

  /** Keeps the process alive until the outcome. */
  async function during<Result>(action: () => Promise<Result>): Promise<Result> {
    open += 1;
    keepAlive(true);
    try {
      return await action();
    } finally {
      open -= 1;
      if (open === 0) keepAlive(false);
    }
  }

  async function outcomeOf(id: string): Promise<OutcomeBody | undefined> {
    const found = await jetStream.streams.getMessage(streams.outcomes, { last_by_subj: outcomeSubject(name, id) });
    return found === null ? undefined : parseOutcome(found.data);
  }

  async function store(method: string, params: readonly unknown[], options: EnqueueOptions) {
    // An id that is new can be known only because the message was sent again.
    const isGiven = options.id !== undefined;
    const id = options.id === undefined ? newTaskId() : checkTaskId(options.id);
    if (params.some(isStreamParam)) throw streamInTask();
    const asks = { timeoutMs: timeoutForAgent(options), ...traceFor(options) };
    const body = Buffer.from(encodeRequest(undefined, method, params, asks));
    const room = roomIn(nats.info?.max_payload ?? 1_048_576);
    if (body.length > room) throw taskTooLong(body.length, room);
    try {
      // An instance would find that it has run. This way, the caller learns of it.
      if (isGiven && (await outcomeOf(id)) !== undefined) return { id, isDuplicate: true };
      const expect = { streamName: streams.tasks };
      const stored = await publisher.publish(taskSubject(name, id), body, { msgID: id, expect, ...PUBLISHED });
      return { id, isDuplicate: isGiven && stored.duplicate };
    } catch (error) {
      if (isKnownTask(error)) return { id, isDuplicate: isGiven };
      throw await errors.of(error, id);
    }
  }

  /** Undefined if nothing is stored for the task. @throws the error of JetStream */
  async function find(id: string): Promise<TaskOutcome | undefined> {
    const body = await outcomeOf(id);
    if (body !== undefined) return publicOf(body);
    const query = { last_by_subj: taskSubject(name, id) };
    if ((await jetStream.streams.getMessage(streams.tasks, query)) !== null) return { outcome: 'pending' };
    // It may have ended between the two questions.
    const late = await outcomeOf(id);
    return late && publicOf(late);
  }

  /** @param isPatient whether a JetStream that does not answer, as one without a leader, is an outcome that is not there yet. */
  async function fetchNow(id: string, isPatient: boolean): Promise<TaskOutcome> {
    const found = await find(id).catch(async (error): Promise<TaskOutcome> => {
      if (isPatient && isNotReady(error)) return { outcome: 'pending' };
      throw await errors.of(error);
    });
    if (found === undefined) throw await errors.unknown(id);
    return found;
  }

  /** Calls back for each outcome with this id that an instance publishes. @throws the error by its code, for a closed connection */
  async function subscribeTo(id: string, onOutcome: () => void): Promise<NatsSubscription> {
    try {
      return nats.subscribe(outcomeSubject(name, id), { callback: (error) => error === null && onOutcome() });
    } catch (error) {
      throw await errors.of(error);
    }
  }

  async function waitFor(id: string, ending: AbortSignal): Promise<TaskOutcome> {
    let wake: (() => void) | undefined;
    let isAnnounced = false;
    const announcements = await subscribeTo(id, () => {
      isAnnounced = true;
      wake?.();
    });
    // One for the whole wait: each question would leave its own behind.
    ending.addEventListener('abort', () => wake?.(), { once: true });
    try {
      for (;;) {
        const found = await fetchNow(id, true);
        if (found.outcome !== 'pending' || ending.aborted) return found;
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        const timer = setTimeout(resolve, isAnnounced ? SOON_MS : POLL_MS);
        await promise;
        clearTimeout(timer);
      }
    } finally {
      announcements.unsubscribe();
    }
  }

  async function result(id: string, { wait = false, timeoutMs, signal }: ResultOptions): Promise<TaskOutcome> {
    checkTaskId(id);
    if (signal?.aborted) throw signal.reason;
    const ending = new AbortController();
    const { promise, resolve, reject } = Promise.withResolvers<TaskOutcome>();
    (wait ? waitFor(id, ending.signal) : fetchNow(id, false)).then(resolve, reject);
    return limitCall(promise, `the task ${id}`, { timeoutMs, signal }, (reason) => {
      ending.abort();
      reject(reason);
    });
  }

  return {
    enqueue: (method, params, options = {}) => during(() => store(String(method), params, options)),
    result: (id, options = {}) => during(() => result(id, options)) as Promise<TaskOutcome<never>>,
    async close() {
      if (isOwned) await nats.close();
    },
    async [Symbol.asyncDispose]() {
      if (isOwned) await nats.close();
    },
  };
}

function publicOf(body: OutcomeBody): TaskOutcome {
  const { deliveries } = body;
  if (body.outcome === 'result') return { outcome: 'result', result: body.result, deliveries };
  return { outcome: 'error', error: readError(body.error) as LaunchpoolError, deliveries };
}
