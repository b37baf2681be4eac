/** The requests of one frame, as subscribers of the tracing channel see them on the main thread: from arrival to outcome. */
import { beginCall, type CallMessage, endCall, noteCallError } from '../../../wire/call-channel.ts';
import { type ScannedError, scanCalls, scanOutcomes } from '../../../wire/call-scan.ts';
import { LaunchpoolError } from '../../../wire/errors.ts';
import { FrameWalk } from '../../../wire/frame-walk.ts';
import { type IdText, idValue, keyOfId } from '../../../wire/id-text.ts';
import type { Observed, Settlement } from './open-request.ts';

type Seen = { message: CallMessage; id: IdText | undefined };

export class ObservedFrame implements Observed {
  readonly #calls: Seen[] = [];
  readonly #isRaw: boolean;

  /** The frame has arrived. A message of a raw agent has neither a method nor a trace. */
  constructor(payload: Buffer, isRaw: boolean) {
    this.#isRaw = isRaw;
    if (isRaw) this.#begin({ role: 'agent', method: undefined, id: undefined, ...NO_TRACE }, undefined);
    else {
      scanCalls(payload, ({ id, method, trace }) => {
        const value = id === undefined ? undefined : idValue(id);
        this.#begin({ role: 'agent', method, id: value, ...NO_TRACE, ...trace }, id);
      });
    }
  }

  end({ frames, failure }: Settlement, isAbandoned: boolean): void {
    const errors = frames === undefined || this.#isRaw ? undefined : errorsIn(frames);
    for (const { message, id } of this.#calls) {
      const isAwaited = this.#isRaw || id !== undefined;
      const error = failure ?? (id === undefined ? undefined : (errors?.get(keyOfId(id)) ?? errors?.get(undefined)));
      if (error !== undefined) noteCallError(message, error);
      else if (frames === undefined && isAwaited && isAbandoned) noteCallError(message, disconnected());
      endCall(message);
    }
  }

  #begin(message: CallMessage, id: IdText | undefined): void {
    this.#calls.push({ message, id });
    beginCall(message, () => undefined);
  }
}

const NO_TRACE = { traceparent: undefined, tracestate: undefined };

/** The errors in a frame of replies by the keys of their ids; without a key, that of a reply to a whole batch. */
function errorsIn(frames: Uint8Array): Map<string | undefined, ScannedError> {
  const errors = new Map<string | undefined, ScannedError>();
  const walk = new FrameWalk(Buffer.from(frames.buffer, frames.byteOffset, frames.byteLength));
  if (!walk.next()) return errors;
  scanOutcomes(walk.payload, ({ id, error }) => {
    if (error !== undefined) errors.set(id === undefined || idValue(id) === null ? undefined : keyOfId(id), error);
  });
  return errors;
}

function disconnected(): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_CANCELLED', 'the caller disconnected');
}
