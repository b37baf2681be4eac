/** Replaces a module that cannot be loaded: answers every request with the reason. */
import { toPlain } from '../wire/errors.ts';
import { NULL_ID } from '../wire/id-text.ts';
import { decodeRequests, encodeError } from '../wire/json-rpc.ts';
import { type RpcOptions, rpcRunner } from './run-rpc.ts';
import type { Runner } from './runner.ts';

/**
 * The kind that the module would have had is unknown, so the answer is a JSON-RPC error even to a request that is not JSON.
 * @param reason the thrown value.
 */
export function brokenRunner(reason: unknown, options: RpcOptions): Runner {
  const refuse = (): never => {
    throw reason;
  };
  const refusing = rpcRunner(() => refuse, options);
  return {
    kind: 'rpc',
    run(input, start, end) {
      const isReadable = decodeRequests(input.subarray(start, end)).items.some((item) => !('error' in item));
      return isReadable ? refusing.run(input, start, end) : encodeError(NULL_ID, toPlain(reason));
    },
  };
}
