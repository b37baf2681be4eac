/** Takes runs of frames from connections to the pool and the replies back. Never looks into a payload, but for a lost one. */
import { type LaunchpoolError, type PlainError, toPlain } from '../../wire/errors.ts';
import { encodeTextFrame, forEachFrame } from '../../wire/frame.ts';
import { scanIds } from '../../wire/id-scan.ts';
import { NULL_ID } from '../../wire/id-text.ts';
import { encodeError } from '../../wire/json-rpc.ts';
import type { AgentKind, Outcome } from '../../workers/task.ts';
import type { Lost, Pool } from '../pool/pool.ts';
import { createReplyOrder, type Settle } from './reply-order.ts';

/** What a lane wants of its connection. */
export type LaneEnd = {
  /** Sends a whole frame. */
  send(frame: Uint8Array): void;
  /** Closes the connection behind what has been sent: a raw agent has no other way to say that a request failed. */
  fail(error: PlainError): void;
  /** Called each time a request has been dealt with. */
  settled(): void;
  /** Whether replies pile up because the other side does not read them. */
  isFull(): boolean;
};

/** One connection's way to the pool and back. */
export type Lane = {
  /** Takes whole frames, still framed. They must stay as they are until the lane has settled them. */
  dispatch(run: Buffer): void;
  /** Ends the conversation because of what the other side has sent, in its turn behind the requests before it. */
  refuse(error: LaunchpoolError): void;
  /** Requests that have no outcome yet. */
  readonly requests: number;
  /** Bytes of those requests. */
  readonly bytes: number;
  /** Says that replies can be sent again. */
  resume(): void;
  /** Says that the connection is gone: outcomes to come are dropped. */
  abandon(): void;
};

export type DispatcherOptions = {
  pool: Pick<Pool, 'run' | 'kind'>;
  /** Called with the reason when the module turns out not to be loadable. */
  onBroken: (error: PlainError) => void;
};

export type Dispatcher = {
  openLane(end: LaneEnd): Lane;
  /** Requests, over all lanes, that have been started and have no outcome yet. */
  readonly requests: number;
};

/** A reply on its way to the connection. */
type Reply = { frame?: Uint8Array | undefined; failure?: PlainError; payload?: Buffer };

/** How many requests of one connection may be started without their replies having been handed on. */
const WINDOW = 64;

export function createDispatcher({ pool, onBroken }: DispatcherOptions): Dispatcher {
  let allRequests = 0;

  function openLane(end: LaneEnd): Lane {
    let requests = 0;
    let bytes = 0;
    let abandoned = false;
    /** Frames whose turn has not come. */
    const waiting: Array<[payload: Buffer, settle: Settle<Reply>]> = [];
    let started = 0;
    const order = createReplyOrder<Reply>(({ frame, failure, payload }) => {
      if (payload !== undefined) {
        started -= 1;
        requests -= 1;
        bytes -= payload.length;
      }
      if (abandoned) return;
      if (frame !== undefined) end.send(frame);
      if (failure === undefined) return;
      abandoned = true;
      end.fail(failure);
    });

    function take(payload: Buffer): void {
      requests += 1;
      bytes += payload.length;
      waiting.push([payload, order.reserve()]);
    }

    function pump(): void {
      while (started < WINDOW && !(end.isFull() && !abandoned)) {
        const next = waiting.shift();
        if (next === undefined) return;
        runOne(...next);
      }
    }

    async function runOne(payload: Buffer, settle: Settle<Reply>): Promise<void> {
      started += 1;
      allRequests += 1;
      // A copy in memory of its own: it is transferred, while the original is kept for the case of a lost thread.
      const outcome = await pool.run(new Uint8Array(payload));
      allRequests -= 1;
      if ('broken' in outcome && outcome.broken !== undefined) onBroken(outcome.broken);
      settle({ ...replyOf(outcome, payload), payload }, { atOnce: kindOf(outcome) === 'rpc' });
      pump();
      end.settled();
    }

    return {
      dispatch(run) {
        forEachFrame(run, take);
        pump();
      },
      resume: pump,
      refuse: async (error) => {
        const settle = order.reserve();
        const kind = pool.kind ?? kindOf(await pool.run());
        const plain = toPlain(error);
        settle(
          kind === 'rpc' ? { frame: encodeTextFrame(encodeError(NULL_ID, plain)), failure: plain } : { failure: plain },
        );
        end.settled();
      },
      get requests() {
        return requests;
      },
      get bytes() {
        return bytes;
      },
      abandon() {
        abandoned = true;
        pump();
      },
    };
  }

  /** While nobody knows what the module is, the answer is JSON-RPC: a raw agent has no word for an error. */
  function kindOf(outcome: Outcome | Lost): AgentKind {
    return outcome.kind === 'lost' ? (pool.kind ?? 'rpc') : outcome.kind;
  }

  function replyOf(outcome: Outcome | Lost, payload: Buffer): Reply {
    if (outcome.kind !== 'lost') {
      return outcome.failure === undefined ? { frame: outcome.reply } : { failure: outcome.failure };
    }
    const plain = toPlain(outcome.error);
    if (kindOf(outcome) === 'raw') return { failure: plain };
    const { batch, ids } = scanIds(payload);
    if (ids.length === 0) return {};
    const errors = ids.map((id) => encodeError(id, plain));
    return { frame: encodeTextFrame(batch ? `[${errors.join(',')}]` : (errors[0] as string)) };
  }

  return {
    openLane,
    get requests() {
      return allRequests;
    },
  };
}
