/** What the client of calls for later can do. Types only. */
import type { LaunchpoolError } from '../../wire/errors.ts';
import type { JetStreamLibrary } from '../nats/later/jetstream.ts';
import type { Agent, AgentStream, AnyMethods } from './agent-types.ts';
import type { CallOptions } from './call-options.ts';
import type { ConnectOptions } from './connect-options.ts';

declare const resultOfTask: unique symbol;
/** The id of a task, which knows the type of its result. Any text can stand for it. */
export type TaskId<Result = unknown> = string & { readonly [resultOfTask]?: Result };

/** What has become of a task. `deliveries` is how often it was given to an instance. */
export type TaskOutcome<Result = unknown> =
  | { outcome: 'result'; result: Result; deliveries: number }
  | { outcome: 'error'; error: LaunchpoolError; deliveries: number }
  /** It waits, runs, or waits to run again. */
  | { outcome: 'pending' };

export type EnqueueOptions = Pick<CallOptions, 'traceparent' | 'tracestate'> & {
  /**
   * The id of the task: up to 100 letters, digits, dashes and underscores. A task whose id is known already is not stored again.
   * @default a UUID
   */
  id?: string | undefined;
  /** How long each run may take, in milliseconds; 0 means the limits of the service alone. @default 0 */
  timeoutMs?: number | undefined;
};

export type ResultOptions = Pick<CallOptions, 'signal'> & {
  /** Whether to wait until there is an outcome. @default false */
  wait?: boolean | undefined;
  /** How long to wait for it, in milliseconds; 0 means without a limit. @default 0 */
  timeoutMs?: number | undefined;
};

export type TaskConnectOptions = Pick<ConnectOptions, 'nats'> & {
  /**
   * The package `@nats-io/jetstream`, for a program that is bundled with it, such as the module of an agent.
   * @default the one that is found in the project
   */
  jetstream?: JetStreamLibrary | undefined;
};

type JsonAgent<Module> = Agent<Module, 'json'>;
type MethodName<Module> = Exclude<keyof JsonAgent<Module>, symbol>;
type Method<Module, Name extends MethodName<Module>> = JsonAgent<Module>[Name] extends infer Function
  ? Function extends (...params: never[]) => unknown
    ? Function
    : never
  : never;
/** The values of a stream are an array. */
type ResultOf<Called> =
  Called extends AgentStream<infer Item> ? Item[] : Called extends Promise<infer Result> ? Result : never;

export type TaskClient<Module = AnyMethods> = AsyncDisposable & {
  /**
   * Stores a call, which an instance runs now or later. Resolves when JetStream has confirmed it. Arguments and results are those of
   * JSON.
   * @returns the id; and whether a task with this id was there already, in which case nothing was stored.
   * @throws ERR_LAUNCHPOOL_PARAMS_INVALID, ERR_LAUNCHPOOL_FRAME_TOO_LARGE, ERR_LAUNCHPOOL_OPTION_INVALID, ERR_LAUNCHPOOL_NOT_DURABLE,
   * ERR_LAUNCHPOOL_JETSTREAM_MISSING; ERR_LAUNCHPOOL_BUSY if there is no room; ERR_LAUNCHPOOL_CALL_TIMEOUT without a confirmation: the
   * id is in its data, and can be enqueued again
   */
  enqueue<Name extends MethodName<Module>>(
    method: Name,
    params: Parameters<Method<Module, Name>>,
    options?: EnqueueOptions,
  ): Promise<{ id: TaskId<ResultOf<ReturnType<Method<Module, Name>>>>; isDuplicate: boolean }>;
  /**
   * The outcome of a task.
   * @throws ERR_LAUNCHPOOL_TASK_UNKNOWN, ERR_LAUNCHPOOL_RESULT_EXPIRED, ERR_LAUNCHPOOL_NOT_DURABLE, ERR_LAUNCHPOOL_JETSTREAM_MISSING,
   * ERR_LAUNCHPOOL_CALL_TIMEOUT, ERR_LAUNCHPOOL_CONNECTION_CLOSED, or the signal's reason
   */
  result<Result = unknown>(id: TaskId<Result> | string, options?: ResultOptions): Promise<TaskOutcome<Result>>;
  /** Closes the connection. */
  close(): Promise<void>;
};
