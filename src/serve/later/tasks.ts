/** Runs tasks as requests, and sees to it that each gets one outcome: a result, or an error with a dead letter. */
import { setTimeout as wait } from 'node:timers/promises';
import { type ErrorCode, LaunchpoolError, toPlain } from '../../../wire/errors.ts';
import { errorText } from '../../../wire/json-rpc.ts';
import type { Log } from '../../log.ts';
import { isUnstorable } from '../../nats/later/jetstream.ts';
import {
  cut,
  deadLetter,
  errorBody,
  MIN_ROOM,
  parseTask,
  resultBody,
  roomIn,
  stringify,
  type TaskBody,
  type TaskError,
} from '../../nats/later/task-messages.ts';
import { isTaskId } from '../../nats/later/task-names.ts';
import type { PlainCalls, PlainReply } from '../plain-calls.ts';
import type { Delivery } from './delivery.ts';
import type { TaskStore } from './task-store.ts';

export type TaskOptions = {
  calls: Pick<PlainCalls, 'call'>;
  store: Pick<TaskStore, 'hasOutcome' | 'putOutcome' | 'putDeadLetter' | 'ackWaitMs'>;
  log: Pick<Log, 'info' | 'warn'>;
  /** How often a task may be given to an instance. */
  maxDeliveries: number;
  /** Before a task that has failed is tried again, in milliseconds; doubled for each further time. */
  retryDelayMs: number;
  /** What the NATS server takes in one message. */
  maxPayload: () => number;
  /** A task has ended. */
  onFree: () => void;
};

export type Tasks = {
  readonly running: number;
  /** Resolves when nothing runs. */
  readonly idle: Promise<void>;
  take(delivery: Delivery): void;
  /** From now on, tasks that arrive or cannot start are given back at once. */
  leave(): void;
  /** Gives back what has no outcome. */
  close(): void;
};

const MAX_DELAY_MS = 300_000;
/** Bytes of a text of a task in the log. */
const SHOWN = 200;
/** Before JetStream is asked again. */
const STORE_PAUSE_MS = [100, 500, 2_000, 5_000] as const;

/** Errors that the same call would meet again: no run can help. By their codes in JSON-RPC, and by launchpool's own. */
const PERMANENT: ReadonlySet<number> = new Set([-32_700, -32_600, -32_601, -32_602]);
const PERMANENT_CODES: ReadonlySet<unknown> = new Set([
  'ERR_LAUNCHPOOL_RESULT_INVALID',
  'ERR_LAUNCHPOOL_FRAME_TOO_LARGE',
]);

export function createTasks(options: TaskOptions): Tasks {
  const { calls, store, log, maxDeliveries, retryDelayMs, maxPayload, onFree } = options;
  const running = new Set<Delivery>();
  let isDraining = false;
  const closing = new AbortController();
  let settleIdle: (() => void) | undefined;
  const heartbeat = setInterval(() => {
    for (const delivery of running) delivery.working();
  }, store.ackWaitMs / 4).unref();

  async function handle(delivery: Delivery): Promise<void> {
    const { id, deliveries } = delivery;
    if (!isTaskId(id)) return refuse(delivery);
    // Its instance was lost between the outcome and the word of it.
    if (await persist(() => store.hasOutcome(id))) return delivery.ack();
    const task = parseTask(delivery.data);
    if (deliveries > maxDeliveries) return bury(delivery, task, lost(deliveries - 1));
    if (task === undefined) return bury(delivery, task, noTask());
    const reply = await run(task);
    if ('result' in reply) {
      const body = resultBody(id, deliveries, reply.result);
      const room = roomIn(maxPayload());
      if (body.length > room) return bury(delivery, task, tooLong(body.length, room));
      const refusal = await persistUnlessRefused(() => store.putOutcome(id, body));
      return refusal === undefined ? delivery.ack() : bury(delivery, task, notStored(refusal));
    }
    const { error } = reply;
    if (isPermanent(error) || deliveries >= maxDeliveries) return bury(delivery, task, error);
    const delayMs = delayAfter(deliveries);
    log.info({ id, method: cut(task.method, SHOWN), deliveries, delayMs, code: codeOf(error) }, 'task-retried');
    delivery.nak(delayMs);
  }

  function delayAfter(deliveries: number): number {
    return isDraining ? 0 : Math.min(retryDelayMs * 2 ** (deliveries - 1), MAX_DELAY_MS);
  }

  /** No outcome can be published for such an id, and no client of launchpool makes one. */
  function refuse(delivery: Delivery): void {
    const reason = 'the id of a task has up to 100 letters, digits, dashes and underscores';
    log.warn({ id: cut(delivery.id, SHOWN), reason }, 'task-removed');
    delivery.ack();
  }

  async function run({ method, params, timeoutMs, traceparent, tracestate }: TaskBody): Promise<PlainReply> {
    // Such names belong to the protocol.
    if (method.startsWith('$/')) return { error: errorOf('ERR_LAUNCHPOOL_METHOD_NOT_FOUND', `no method ${method}`) };
    const text = params === undefined ? '' : stringify(params);
    if (text === undefined) return { error: errorOf('ERR_LAUNCHPOOL_PARAMS_INVALID', 'params are nested too deeply') };
    const body = Buffer.from(text);
    return new Promise((resolve) => calls.call(method, body, { timeoutMs, traceparent, tracestate }, resolve));
  }

  /** The dead letter comes first: a task that has an outcome is not looked at again. */
  async function bury(delivery: Delivery, task: TaskBody | undefined, error: TaskError): Promise<void> {
    const { id, deliveries } = delivery;
    const ran = Math.min(deliveries, maxDeliveries);
    await persistShortened((room) => {
      const letter = deadLetter(id, ran, task, error, room);
      return () => store.putDeadLetter(id, letter);
    });
    await persistShortened((room) => {
      const body = errorBody(id, ran, error, room);
      return () => store.putOutcome(id, body);
    });
    const method = task && cut(task.method, SHOWN);
    const reason = cut(error.message, SHOWN);
    log.warn({ id, method, deliveries: ran, code: codeOf(error), reason }, 'task-dead');
    delivery.ack();
  }

  /** What JetStream never takes in its shortest form either is in the log alone: the task must not hold its place for good. */
  async function persistShortened(actionFor: (room: number) => () => Promise<void>): Promise<void> {
    for (const room of [Math.max(roomIn(maxPayload()), MIN_ROOM), MIN_ROOM]) {
      const refusal = await persistUnlessRefused(actionFor(room));
      if (refusal === undefined) return;
      log.warn({ err: refusal, bytes: room }, 'jetstream-refused');
    }
  }

  /** @returns the error, if JetStream never takes it. */
  async function persistUnlessRefused(action: () => Promise<void>): Promise<unknown> {
    try {
      await persist(action);
      return undefined;
    } catch (error) {
      if (!isUnstorable(error)) throw error;
      return error;
    }
  }

  /**
   * A run must not be repeated because its outcome could not be stored at once: the server starts again, or the stream is full.
   * @throws the error, once the instance ends, or if it would be the same for ever.
   */
  async function persist<Result>(action: () => Promise<Result>): Promise<Result> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await action();
      } catch (error) {
        closing.signal.throwIfAborted();
        if (isUnstorable(error)) throw error;
        if (attempt === 0) log.warn({ err: error }, 'jetstream-failed');
        await wait(STORE_PAUSE_MS[Math.min(attempt, STORE_PAUSE_MS.length - 1)], undefined, { signal: closing.signal });
      }
    }
  }

  return {
    get running() {
      return running.size;
    },
    get idle() {
      return running.size === 0 ? Promise.resolve() : new Promise<void>((resolve) => (settleIdle = resolve));
    },
    take(delivery) {
      if (isDraining) return delivery.nak(0);
      running.add(delivery);
      handle(delivery)
        .catch((error) => {
          if (closing.signal.aborted) return delivery.nak(0);
          log.warn({ err: error, id: delivery.id }, 'task-failed');
          delivery.nak(delayAfter(delivery.deliveries));
        })
        .finally(() => {
          running.delete(delivery);
          onFree();
          if (running.size === 0) settleIdle?.();
        });
    },
    leave() {
      isDraining = true;
    },
    close() {
      clearInterval(heartbeat);
      closing.abort();
    },
  };
}

function noTask(): TaskError {
  return errorOf('ERR_LAUNCHPOOL_REQUEST_INVALID', 'the task is no object of JSON with a method');
}

function lost(deliveries: number): TaskError {
  const times = deliveries === 1 ? 'once' : `${deliveries} times`;
  const message = `the task was given to an instance ${times}, and the instance was lost, or left, before an outcome`;
  return errorOf('ERR_LAUNCHPOOL_OUTCOME_UNKNOWN', `${message}: it may have run`);
}

function tooLong(bytes: number, max: number): TaskError {
  const message = `the result has ${bytes} bytes; the maximum of the NATS server is ${max}`;
  return errorOf('ERR_LAUNCHPOOL_RESULT_INVALID', message);
}

function notStored(refusal: unknown): TaskError {
  return errorOf('ERR_LAUNCHPOOL_RESULT_INVALID', `JetStream does not store the result: ${(refusal as Error).message}`);
}

/** As the agent sends it. */
function errorOf(code: ErrorCode, message: string): TaskError {
  return JSON.parse(errorText(toPlain(new LaunchpoolError(code, message)))) as TaskError;
}

function isPermanent(error: TaskError): boolean {
  return PERMANENT.has(error.code) || PERMANENT_CODES.has(codeOf(error));
}

function codeOf({ code, data }: TaskError): unknown {
  return (Object(data) as { code?: unknown }).code ?? code;
}
