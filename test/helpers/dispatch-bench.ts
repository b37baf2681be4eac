/** A dispatcher on a pool that answers when the test says so, and lanes that write down what they are told. */
import { setImmediate as turn } from 'node:timers/promises';
import { createDispatcher, type Dispatcher, type Lane } from '../../src/dispatch/dispatcher.ts';
import type { Lost } from '../../src/pool/pool.ts';
import type { PlainError } from '../../wire/errors.ts';
import { encodeTextFrame } from '../../wire/frame.ts';
import type { AgentKind, Outcome } from '../../workers/task.ts';

export type Bench = {
  dispatcher: Dispatcher;
  /** What the pool was asked to run, without a request only to load the module. */
  calls: { request: Uint8Array | undefined; settle(outcome: Outcome | Lost): Promise<void> }[];
  /** What the dispatcher has said of the module. */
  broken: PlainError[];
  /** What the pool knows of the module. */
  kind: AgentKind | undefined;
};

export function createBench(kind?: AgentKind): Bench {
  const calls: Bench['calls'] = [];
  const broken: PlainError[] = [];
  const bench: Omit<Bench, 'dispatcher'> = { calls, broken, kind };
  const dispatcher = createDispatcher({
    pool: {
      run(request) {
        const { promise, resolve } = Promise.withResolvers<Outcome | Lost>();
        const settle = async (outcome: Outcome | Lost): Promise<void> => {
          resolve(outcome);
          await turn();
        };
        calls.push({ request, settle });
        return promise;
      },
      get kind() {
        return bench.kind;
      },
    },
    onBroken: (error) => broken.push(error),
  });
  return Object.assign(bench, { dispatcher });
}

export type BenchLane = {
  lane: Lane;
  /** In order: the text of each frame that was sent, `!code` when the connection was to close, `.` for each settling. */
  told: string[];
  /** Whether the other side leaves its replies unread. */
  end: { full: boolean };
};

export function openLane({ dispatcher }: Bench): BenchLane {
  const told: string[] = [];
  const end = { full: false };
  const lane = dispatcher.openLane({
    send: (frame) => told.push(Buffer.from(frame).toString('utf8', 4)),
    fail: (error) => told.push(`!${error.code}`),
    settled: () => told.push('.'),
    isFull: () => end.full,
  });
  return { lane, told, end };
}

/** What a lane was told, but for settlings. */
export function wordsOf(told: readonly string[]): string[] {
  return told.filter((text) => text !== '.');
}

/** Frames one behind the other. */
export function runOf(...texts: string[]): Buffer {
  return Buffer.concat(texts.map(encodeTextFrame));
}
