/** Calls of agents: one session for each, which outlives the idle exits of its agent. */
import { setTimeout as wait } from 'node:timers/promises';
import { LaunchpoolError } from '../../wire/errors.ts';
import type { ProgressReport } from '../../wire/progress.ts';
import type { TraceContext } from '../../wire/trace-context.ts';
import type { ConnectOptions } from '../client/connect-options.ts';
import type { RpcClient } from '../client/rpc.ts';

/** As in an agent, for a caller that wants all values at once. */
const MAX_VALUES = 10_000;
/** How often a call is made that may be repeated, and whose connection is lost. */
const MAX_TRIES = 3;
const RETRY_MS = 100;

export type AgentCall = {
  label: string;
  method: string;
  params: readonly unknown[];
  /** Whether the result is a stream. */
  isStream: boolean;
  /** Whether the call is made again if its connection is lost. */
  isRepeatable: boolean;
  signal: AbortSignal;
  onProgress?: ((report: ProgressReport) => void) | undefined;
  /** Called with each value of the stream. The next one is read when its promise is fulfilled. */
  onValue?: ((value: unknown) => Promise<void>) | undefined;
  trace: TraceContext | undefined;
};

export type Caller = {
  /** The result; of a stream, the array of its values. @throws what a call of the client throws */
  call(call: AgentCall): Promise<unknown>;
  close(): void;
};

type Session = {
  opening: Promise<RpcClient>;
  /** Undefined until it is open. */
  client: RpcClient | undefined;
};

/**
 * @param connectOptions is called for each connection; what it throws is the error of the call.
 * @param targetOf what a client connects to, by label.
 */
export function createCaller(
  connectOptions: () => ConnectOptions,
  targetOf: (label: string) => string = (label) => label,
): Caller {
  const sessions = new Map<string, Session>();

  /** Connects if there is no session, or it has ended. Calls of the same turn share it. */
  function clientOf(label: string): Promise<RpcClient> {
    const known = sessions.get(label);
    if (known !== undefined && known.client?.closed !== true) return known.opening;
    const session: Session = { opening: connect(label), client: undefined };
    sessions.set(label, session);
    session.opening.then(
      (client) => {
        session.client = client;
      },
      () => {
        if (sessions.get(label) === session) sessions.delete(label);
      },
    );
    return session.opening;
  }

  async function connect(label: string): Promise<RpcClient> {
    // Not loaded before the first call: a list of tools needs no connection.
    const { connectRpc } = await import('../client/rpc.ts');
    return connectRpc(targetOf(label), connectOptions());
  }

  async function callOnce(call: AgentCall): Promise<unknown> {
    const client = await clientOf(call.label);
    call.signal.throwIfAborted();
    const { signal, onProgress, trace, isRepeatable: repeatable } = call;
    const options = { signal, onProgress, repeatable, ...trace };
    if (!call.isStream) return client.call(call.method, call.params, options);
    const values = client.open(call.method, call.params, options)[Symbol.asyncIterator]();
    try {
      return await collect(values, call);
    } finally {
      await values.return(undefined);
    }
  }

  return {
    async call(call) {
      for (let tries = 1; ; tries += 1) {
        try {
          return await callOnce(call);
        } catch (error) {
          if (call.signal.aborted || !isLost(error)) throw error;
          if (!call.isRepeatable) throw mayHaveRun(error);
          if (tries === MAX_TRIES) throw error;
          await wait(RETRY_MS * tries, undefined, { signal: call.signal });
        }
      }
    },
    close() {
      for (const { opening } of sessions.values()) opening.then((client) => client.close()).catch(() => undefined);
    },
  };
}

async function collect(values: AsyncIterator<unknown>, { method, onValue }: AgentCall): Promise<unknown> {
  const all: unknown[] = [];
  try {
    for (let step = await values.next(); !step.done; step = await values.next()) {
      if (all.length === MAX_VALUES) throw tooMany(method);
      all.push(step.value);
      await onValue?.(step.value);
    }
    return all;
  } catch (error) {
    // The method has run: its result is not lost.
    if (error instanceof LaunchpoolError && error.code === 'ERR_LAUNCHPOOL_NOT_A_STREAM') return error.data;
    throw error;
  }
}

/** Whether the connection ended before the reply came: the method may have run. */
function isLost(error: unknown): error is LaunchpoolError {
  return error instanceof LaunchpoolError && !error.remote && error.code === 'ERR_LAUNCHPOOL_CONNECTION_CLOSED';
}

function mayHaveRun(cause: LaunchpoolError): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_CONNECTION_CLOSED', cause.message, {
    cause,
    hint: 'The call may have run. It was not repeated, since the tool does not say that it is idempotent.',
  });
}

function tooMany(method: string): LaunchpoolError {
  return new LaunchpoolError(
    'ERR_LAUNCHPOOL_RESULT_INVALID',
    `the stream of ${method} has more than ${MAX_VALUES} values, too many for one result`,
    { hint: 'Ask for less at a time.' },
  );
}
