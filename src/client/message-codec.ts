/** The encodings of a client's messages. The codec of MessagePack is loaded when the first message needs it. */
import { sniffEncoding } from '../../wire/encoding.ts';
import { findJsonLoss } from '../../wire/json-loss.ts';
import { encodeItem } from '../../wire/json-rpc.ts';
import {
  type CallAsks,
  decodeReplies,
  encodeRequest,
  type Reply,
  readReplies,
  replyInvalid,
  requestOf,
} from '../../wire/json-rpc-call.ts';
import { type Extensions, toPackable } from '../../wire/messagepack/packable.ts';
import { type Codec, packValue, unpackValue } from '../../wire/messagepack/values.ts';
import type { Packed } from '../../wire/messagepack/write.ts';
import type { Encoded } from '../../wire/response.ts';
import type { FrameOrigin } from './session-types.ts';

/** What a request says if its result may come in MessagePack. */
export const ACCEPT: readonly string[] = ['msgpack'];

let codec: Codec | undefined;
let loading: Promise<Codec> | undefined;

function load(): Promise<Codec> {
  loading ??= import('../../wire/messagepack/codec.ts').then((loaded) => {
    codec = loaded;
    return loaded;
  });
  return loading;
}

const copies: Extensions = {
  bytes: (value) => new Uint8Array(value),
  map: (pairs) => new Map(pairs),
  set: (values) => new Set(values),
  bigInt: (value) => value,
  integer: (value) => value,
  get inside() {
    return copies;
  },
};

/** A value as it is now: its caller may change it before the codec is loaded. @throws NotPackable */
const copier = { pack: (value: unknown) => toPackable(value, copies) as Packed };

/**
 * Packs at once, or when the codec is loaded.
 * @throws ERR_LAUNCHPOOL_PARAMS_INVALID
 */
function pack(value: unknown, what: string): Packed | Promise<Packed> {
  if (codec !== undefined) return packValue(codec, value, what, 'ERR_LAUNCHPOOL_PARAMS_INVALID');
  const copy: unknown = packValue(copier, value, what, 'ERR_LAUNCHPOOL_PARAMS_INVALID');
  return load().then((loaded) => loaded.pack(copy));
}

/**
 * A request in JSON, or in MessagePack if it has what JSON does not carry; without an id it is a notification.
 * @param isJsonOnly whether the agent reads JSON only.
 * @throws ERR_LAUNCHPOOL_PARAMS_INVALID
 */
export function encodeCall(
  id: number | undefined,
  method: string,
  params: readonly unknown[],
  asks: CallAsks,
  isJsonOnly: boolean,
): Uint8Array | Promise<Uint8Array> {
  if (isJsonOnly || isJson(params)) return Buffer.from(encodeRequest(id, method, params, asks));
  const packed = pack(requestOf(id, method, params, asks), 'request');
  return packed instanceof Promise ? packed.then((each) => each.toBytes()) : packed.toBytes();
}

/**
 * A value of a parameter that is a stream.
 * @throws ERR_LAUNCHPOOL_PARAMS_INVALID, ERR_LAUNCHPOOL_RESULT_INVALID
 */
export function encodeStreamValue(value: unknown, isJsonOnly: boolean): Encoded | Promise<Encoded> {
  if (isJsonOnly || isJson(value)) return encodeItem(value);
  return pack(value, 'value of the stream');
}

/** Whether JSON carries it. What is in a circle is not JSON either: its error comes from the encoder. */
function isJson(value: unknown): boolean {
  try {
    return findJsonLoss(value, true) === undefined;
  } catch {
    return true;
  }
}

type Take = (replies: Reply[], payload: Buffer, from: FrameOrigin | undefined) => void;
type Fail = (error: unknown, from?: FrameOrigin) => void;

/** Reads the frames of a session in their order, also while the codec is being loaded. */
export class ReplyReader {
  readonly #take: Take;
  readonly #fail: Fail;
  #waiting: { payload: Buffer; from: FrameOrigin | undefined }[] | undefined;

  /** @param fail gets what is thrown for a frame that cannot be read, and by `take`. */
  constructor(take: Take, fail: Fail) {
    this.#take = take;
    this.#fail = fail;
  }

  receive(payload: Buffer, from?: FrameOrigin): void {
    if (this.#waiting !== undefined) this.#waiting.push({ payload, from });
    else if (sniffEncoding(payload) !== 'messagepack') this.#read(payload, from, decodeReplies);
    else if (codec !== undefined) this.#read(payload, from, unpackReplies);
    else {
      this.#waiting = [{ payload, from }];
      load().then(
        () => this.#readWaiting(),
        (error) => this.#fail(error),
      );
    }
  }

  #readWaiting(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const { payload, from } of waiting) this.receive(payload, from);
  }

  #read(payload: Buffer, from: FrameOrigin | undefined, decode: (payload: Buffer) => Reply[]): void {
    try {
      this.#take(decode(payload), payload, from);
    } catch (error) {
      this.#fail(error, from);
    }
  }
}

function unpackReplies(payload: Buffer): Reply[] {
  let value: unknown;
  try {
    value = unpackValue(codec as Codec, payload, 'reply');
  } catch (cause) {
    throw replyInvalid('it is not MessagePack', cause);
  }
  return readReplies(value);
}
