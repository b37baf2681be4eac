/** A pool without threads, for an agent that cannot work: answers every request with the reason. */
import { type LaunchpoolError, toPlain } from '../../wire/errors.ts';
import { encodeTextFrame } from '../../wire/frame.ts';
import { scanIds } from '../../wire/id-scan.ts';
import { NULL_ID } from '../../wire/id-text.ts';
import { encodeError } from '../../wire/json-rpc.ts';
import type { Pool } from './pool.ts';

export function createBrokenPool(reason: LaunchpoolError): Pool {
  const broken = toPlain(reason);
  return {
    kind: 'rpc',
    threads: 0,
    async run(request = new Uint8Array()) {
      const [id = NULL_ID] = scanIds(Buffer.from(request.buffer)).ids;
      return { kind: 'rpc', reply: encodeTextFrame(encodeError(id, broken)), broken };
    },
    destroy: async () => undefined,
  };
}
