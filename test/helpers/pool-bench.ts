/** A pool with a dispatcher in the test's process: calls without a socket. */
import { pathToFileURL } from 'node:url';
import type { ExecutionContext } from 'ava';
import { createDispatcher } from '../../src/dispatch/dispatcher.ts';
import type { Dispatcher, DispatcherOptions } from '../../src/dispatch/dispatcher-options.ts';
import { startFirstThread } from '../../src/pool/first-thread.ts';
import { createPool, type Pool, type PoolOptions } from '../../src/pool/pool.ts';
import { limitsOf } from '../../src/pool/thread-limits.ts';
import { encodeTextFrame } from '../../wire/frame.ts';
import type { AgentKind } from '../../workers/task.ts';
import { textsOf } from './dispatch-bench.ts';
import './with-compile-cache.ts';

export { until } from './until.ts';

export type PoolBenchOptions = Partial<PoolOptions> & {
  /** Path of the module. */
  module: string;
  threads: number;
  /** The maximum heap of a thread, in MiB. */
  threadMemoryMb?: number;
  /** @default 67108864 */
  maxReplyBytes?: number;
  /** The kind that the module must have. */
  kind?: AgentKind;
  /** Whether further threads run what the first one has loaded. */
  takesSnapshot?: boolean;
  /** @default 256 */
  concurrency?: number;
  dispatcher?: DispatcherOptions;
};

/** Ends with the test. */
function startPool(
  t: ExecutionContext,
  {
    module,
    threadMemoryMb = 0,
    maxReplyBytes = 2 ** 26,
    kind,
    takesSnapshot = false,
    concurrency = 256,
    ...options
  }: PoolBenchOptions,
): Pool {
  const moduleUrl = pathToFileURL(module).href;
  const unset = { exposeStacks: false, reportFiles: false, codeFolder: undefined };
  const threadOptions = { moduleUrl, kind, takesSnapshot, concurrency, maxReplyBytes, ...unset };
  const first = startFirstThread(threadOptions, options.threads, undefined, limitsOf(threadMemoryMb));
  const pool = createPool({ first, ...options });
  // Open requests do not keep a process alive; in an agent, the sockets do.
  const alive = setInterval(() => undefined, 60_000);
  t.teardown(async () => {
    clearInterval(alive);
    await pool.destroy();
  });
  return pool;
}

export type PoolBench = BenchClient & {
  pool: Pool;
  dispatcher: Dispatcher;
  /** Another connection. */
  connect(): BenchClient;
};

export type BenchClient = {
  /** Calls a method of an RPC agent; rejects with an error of the response's own code. */
  call(method: string, ...params: unknown[]): Promise<unknown>;
  /** Cancels the last call. */
  cancel(): void;
};

export function startPoolBench(t: ExecutionContext, options: PoolBenchOptions): PoolBench {
  const pool = startPool(t, options);
  const dispatcher = createDispatcher(pool, options.dispatcher);
  t.teardown(() => dispatcher.stop());
  const connect = (): BenchClient => createClient(dispatcher);
  return { pool, dispatcher, connect, ...connect() };
}

function createClient(dispatcher: Dispatcher): BenchClient {
  const unsettled = new Map<number, PromiseWithResolvers<unknown>>();
  let lastId = 0;
  const conversation = dispatcher.open({
    send(frames) {
      for (const text of textsOf(frames)) {
        const { id, result, error } = JSON.parse(text);
        const { resolve, reject } = unsettled.get(id) as PromiseWithResolvers<unknown>;
        unsettled.delete(id);
        if (error === undefined) resolve(result);
        else reject(Object.assign(new Error(error.message), { code: error.data?.code ?? error.code }));
      }
    },
    fail: () => undefined,
    settled: () => undefined,
    balance: () => undefined,
    sendPart: () => undefined,
    isWriteBlocked: () => false,
    onFault(error: unknown) {
      throw error;
    },
  });
  const send = (message: object): void =>
    conversation.dispatch(encodeTextFrame(JSON.stringify({ jsonrpc: '2.0', ...message })), 1);
  return {
    call(method, ...params) {
      lastId += 1;
      const outcome = Promise.withResolvers<unknown>();
      unsettled.set(lastId, outcome);
      send({ id: lastId, method, params });
      return outcome.promise;
    },
    cancel: () => send({ method: '$/cancelRequest', params: { id: lastId } }),
  };
}
