/** Replaces a module that cannot be loaded: answers every request with the reason. */
import { toPlain } from '../wire/errors.ts';
import { NULL_ID } from '../wire/id-text.ts';
import { DEFAULT_MAX_BATCH, encodeError } from '../wire/json-rpc.ts';
import { decodeMessage } from './message-codec.ts';
import { type RpcOptions, rpcRunner } from './run-rpc.ts';
import { Failure, type Runner } from './runner.ts';
import type { AgentKind } from './task.ts';

/**
 * @param reason the thrown value.
 * @param kind of the module. A raw agent closes the connection. Where the kind is unknown, the answer is a JSON-RPC error,
 *   also to a request that is not JSON.
 */
export function brokenRunner(reason: unknown, kind: AgentKind | undefined, options: RpcOptions): Runner {
  if (kind === 'raw') return { run: () => new Failure(toPlain(reason)) };
  const refuse = (): never => {
    throw reason;
  };
  const refusing = rpcRunner(refuse, options);
  return {
    run(input, start, end) {
      const isReadable = decodeMessage(input.subarray(start, end), options.maxBatch ?? DEFAULT_MAX_BATCH).items.some(
        (item) => !('error' in item),
      );
      return isReadable ? refusing.run(input, start, end) : encodeError(NULL_ID, toPlain(reason));
    },
  };
}
