/** The control socket: the agent's own answers, given by the main thread while every worker may be busy. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { LaunchpoolError, toPlain } from '../../wire/errors.ts';
import { encodeTextFrame, forEachFrame } from '../../wire/frame.ts';
import { createFrameReader } from '../../wire/frame-reader.ts';
import { NULL_ID } from '../../wire/id-text.ts';
import { decodeRequests, encodeError, encodeResult, type RpcItem } from '../../wire/json-rpc.ts';

/** Questions to an agent are short, and few. */
const MAX_QUESTION_BYTES = 64 * 1024;
const MAX_IN_BATCH = 16;
const MAX_CONNECTIONS = 16;
/** How long a connection may say nothing, or read nothing, unless it is the agent that owes an answer. */
const INACTIVITY_MS = 10_000;

export type Question = {
  /** As they were given by position; what was given by name is the first of them. */
  params: readonly unknown[];
  /** Who asks: the same for all questions of one connection, and for no others. */
  asker: object;
  /** Has that done when the answer has left. */
  after(call: () => void): void;
};

/** May throw what the question is answered with then. */
export type Answer = (question: Question) => unknown | Promise<unknown>;

/** What can be asked, by method name. */
export type Answers = Readonly<Record<string, Answer>>;

export type ControlLimits = {
  /** @default 16 */
  maxConnections?: number;
  /** @default 10000 */
  inactivityMs?: number;
};

/** Returns what takes over each connection, paused. One too many is closed. */
export function createControl(answers: Answers, limits: ControlLimits = {}): (socket: Socket) => void {
  const { maxConnections = MAX_CONNECTIONS, inactivityMs = INACTIVITY_MS } = limits;
  let connections = 0;
  return (socket) => {
    if (connections >= maxConnections) return void socket.destroy();
    connections += 1;
    socket.once('close', () => {
      connections -= 1;
    });
    converse(socket, answers, inactivityMs);
  };
}

/** Answers one question after the other, and reads on when all are answered, until the other side closes. */
function converse(socket: Socket, answers: Answers, inactivityMs: number): void {
  const reader = createFrameReader({ maxFrameBytes: MAX_QUESTION_BYTES });
  const asker = {};
  const questions: Buffer[] = [];
  const closed = once(socket, 'close').catch(() => undefined);
  let isAnswering = false;
  let hasEnded = false;

  async function answerAll(): Promise<void> {
    if (isAnswering) return;
    isAnswering = true;
    socket.pause();
    for (let payload = questions.shift(); payload !== undefined; payload = questions.shift()) await answer(payload);
    isAnswering = false;
    if (hasEnded) socket.end();
    else socket.resume();
  }

  async function answer(payload: Buffer): Promise<void> {
    const calls: (() => void)[] = [];
    const text = await reply(payload, answers, { asker, after: (call) => calls.push(call) });
    const done = (): void => calls.forEach((call) => void call());
    if (text === undefined || !socket.writable) return done();
    const isTaken = socket.write(encodeTextFrame(text), done);
    // Who does not read is not answered any further.
    if (!isTaken) await Promise.race([once(socket, 'drain').catch(() => undefined), closed]);
  }

  socket.setTimeout(inactivityMs, () => {
    if (!isAnswering || socket.writableLength > 0) socket.destroy();
  });
  socket.on('error', () => socket.destroy());
  socket.on('end', () => {
    hasEnded = true;
    if (!isAnswering) socket.end();
  });
  socket.on('data', (chunk: Buffer) => {
    try {
      reader.push(chunk, (run) => forEachFrame(run, (payload) => questions.push(Buffer.from(payload))));
    } catch {
      // Whoever holds the control socket is of this user; a garbled stream is only closed.
      socket.destroy();
      return;
    }
    void answerAll();
  });
  socket.resume();
}

type From = Pick<Question, 'asker' | 'after'>;

async function reply(payload: Buffer, answers: Answers, from: From): Promise<string | undefined> {
  const { batch, items } = decodeRequests(payload);
  if (items.length > MAX_IN_BATCH) return encodeError(NULL_ID, toPlain(tooMany(items.length)));
  const all = await Promise.all(items.map((item) => respond(item, answers, from)));
  const responses = all.filter((response) => response !== undefined);
  if (responses.length === 0) return undefined;
  return batch ? `[${responses.join(',')}]` : responses[0];
}

async function respond(item: RpcItem, answers: Answers, from: From): Promise<string | undefined> {
  if ('error' in item) return encodeError(item.id, toPlain(item.error));
  const { id, method, params } = item;
  try {
    const answer = Object.hasOwn(answers, method) ? answers[method] : undefined;
    if (answer === undefined) throw unknown(method, answers);
    const result = await answer({ params, ...from });
    return id === undefined ? undefined : encodeResult(id, result);
  } catch (error) {
    return id === undefined ? undefined : encodeError(id, toPlain(error));
  }
}

function unknown(method: string, answers: Answers): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_METHOD_NOT_FOUND', `nothing is known of ${method}`, {
    hint: `The control socket answers: ${Object.keys(answers).join(', ')}.`,
  });
}

function tooMany(items: number): LaunchpoolError {
  const message = `a batch of ${items} questions; ${MAX_IN_BATCH} are the most`;
  return new LaunchpoolError('ERR_LAUNCHPOOL_REQUEST_INVALID', message);
}
