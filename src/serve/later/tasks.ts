/** Runs tasks as requests, and sees to it that each gets one outcome: a result, or an error with a dead letter. */

import { type ErrorCode, LaunchpoolError, toPlain } from '../../../wire/errors.ts';
import { errorText } from '../../../wire/json-rpc.ts';
import type { Log } from '../../log.ts';
import {
  deadLetter,
  errorBody,
  parseTask,
  resultBody,
  roomIn,
  type TaskBody,
  type TaskError,
} from '../../nats/later/task-messages.ts';
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
      await persist(() => store.putOutcome(id, body));
      return delivery.ack();
    }
    const { error } = reply;
    if (isPermanent(error) || deliveries >= maxDeliveries) return bury(delivery, task, error);
    const delayMs = isDraining ? 0 : Math.min(retryDelayMs * 2 ** (deliveries - 1), MAX_DELAY_MS);
    log.info({ id, method: task.method, deliveries, delayMs, code: codeOf(error) }, 'task-retried');
    delivery.nak(delayMs);
  }

  async function run({ method, params, timeoutMs, traceparent, tracestate }: TaskBody): Promise<PlainReply> {
    // Such names belong to the protocol.
    if (method.startsWith('$/')) return { error: errorOf('ERR_LAUNCHPOOL_METHOD_NOT_FOUND', `no method ${method}`) };
    const body = params === undefined ? new Uint8Array() : Buffer.from(JSON.stringify(params));
    return new Promise((resolve) => calls.call(method, body, { timeoutMs, traceparent, tracestate }, resolve));
  }

  /** The dead letter comes first: a task that has an outcome is not looked at again. */
  async function bury(delivery: Delivery, task: TaskBody | undefined, error: TaskError): Promise<void> {
    const { id, deliveries } = delivery;
    const ran = Math.min(deliveries, maxDeliveries);
    const room = roomIn(maxPayload());
    await persist(() => store.putDeadLetter(id, deadLetter(id, ran, task, error, room)));
    await persist(() => store.putOutcome(id, errorBody(id, ran, error, room)));
    log.warn({ id, method: task?.method, deliveries: ran, code: codeOf(error), reason: error.message }, 'task-dead');
    delivery.ack();
  }

  /**
   * A run must not be repeated because its outcome could not be stored at once: the server starts again, or the stream is full.
   * @throws the error, once the instance ends.
   */
  async function persist<Result>(action: () => Promise<Result>): Promise<Result> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await action();
      } catch (error) {
        closing.signal.throwIfAborted();
        if (attempt === 0) log.warn({ err: error }, 'jetstream-failed');
        await pause(STORE_PAUSE_MS[Math.min(attempt, STORE_PAUSE_MS.length - 1)] as number);
        closing.signal.throwIfAborted();
      }
    }
  }

  function pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    closing.signal.addEventListener('abort', () => resolve(), { once: true });
    return promise.finally(() => clearTimeout(timer));
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
          if (!closing.signal.aborted) log.warn({ err: error, id: delivery.id }, 'task-failed');
          delivery.nak(0);
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
