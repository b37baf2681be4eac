/** Stands in place of workers/load-codec.ts in the bundle, where the codec is a file beside the thread's. */
import type { Codec } from '../wire/messagepack/values.ts';

export function loadCodec(): Codec {
  return require('../wire/messagepack/codec.ts');
}
