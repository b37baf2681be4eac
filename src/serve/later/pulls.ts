/**
 * Asks JetStream for tasks, for as many as there are places. The package of NATS does that too, but forgets what is on the way when it
 * is told to stop; here, each task that arrives is started or given back.
 */
import { randomBytes } from 'node:crypto';
import { CONSUMER } from '../../nats/later/task-names.ts';
import type { NatsMessage, NatsSubscription, NatsWire } from '../../nats/nats-types.ts';
import { statusOf } from '../../nats/subscribe.ts';

export type PullOptions = {
  stream: string;
  /** The prefix of the subjects on which this process receives. */
  inboxPrefix: string;
  /** The number of tasks that could start now. */
  free: () => number;
  onMessage: (message: NatsMessage) => void;
  /** JetStream has refused to give tasks, with this status. It is asked again. */
  onRefused: (status: number) => void;
  /** A message could not be handled. JetStream gives it again. */
  onFault: (error: unknown) => void;
};

export type Pulls = {
  /** A place is free, or the connection is there again. */
  ask(): void;
  /** Forgets what was asked for: the connection, over which it was, is another one. */
  restart(): void;
  /** Asks for nothing more. Resolves when what was on the way has arrived. */
  stop(): Promise<void>;
};

/** How long the server keeps a question for which there is no task, in milliseconds. */
const EXPIRES_MS = 5_000;
/** When a question counts as lost. */
const LOST_MS = EXPIRES_MS + 2_000;
/** Between two questions for a place. */
const PAUSE_MS = 100;
/** Before JetStream is asked again that has refused. */
const REFUSED_MS = 500;
/** The status of a question whose time is over. */
const TIMED_OUT = 408;

export function startPulls(nats: NatsWire, options: PullOptions): Pulls {
  const { stream, inboxPrefix, free, onMessage, onRefused, onFault } = options;
  const inbox = `${inboxPrefix}.${randomBytes(12).toString('base64url')}`;
  /** Tasks that were asked for, and have not come. */
  let asked = 0;
  /** The number of the question: what belongs to an earlier one does not end the next. */
  let round = 0;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  const subscription: NatsSubscription = nats.subscribe(`${inbox}.*`, {
    // After an error in it, the package reads nothing more from the server until it connects again.
    callback(error, message) {
      try {
        if (error === null) receive(message);
      } catch (fault) {
        onFault(fault);
      }
    },
  });

  function receive(message: NatsMessage): void {
    const code = statusOf(message);
    if (code !== 0) {
      if (message.subject !== `${inbox}.${round}`) return;
      if (code !== TIMED_OUT) onRefused(code);
      endAfter(code === TIMED_OUT ? 0 : REFUSED_MS);
      return;
    }
    // Tasks have their own subject.
    asked = Math.max(0, asked - 1);
    onMessage(message);
    if (asked === 0) ask();
  }

  function endAfter(ms: number): void {
    clearTimeout(timer);
    timer = setTimeout(end, ms);
    timer.unref();
  }

  function end(): void {
    asked = 0;
    ask();
  }

  function ask(): void {
    if (isStopped || asked > 0) return;
    const places = free();
    if (places <= 0) {
      endAfter(PAUSE_MS);
      return;
    }
    asked = places;
    round += 1;
    const question = Buffer.from(JSON.stringify({ batch: places, expires: EXPIRES_MS * 1e6 }));
    try {
      nats.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${CONSUMER}`, question, { reply: `${inbox}.${round}` });
    } catch {
      // The connection is closed, and the instance ends.
    }
    endAfter(LOST_MS);
  }

  ask();
  return {
    ask,
    restart: end,
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await subscription.drain();
    },
  };
}
