/** Loads the codec of MessagePack at once: the memory of a request has another use after an await. */
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import type { Codec } from '../wire/messagepack/values.ts';

export function loadCodec(): Codec {
  const { url } = import.meta;
  return createRequire(url)(`../wire/messagepack/codec${extname(url)}`);
}
