/** The control socket: the main thread answers questions about the agent, even while every worker thread is busy. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { LaunchpoolError, toPlain } from '../../wire/errors.ts';
import { encodeTextFrame } from '../../wire/frame.ts';
import { createFrameReader } from '../../wire/frame-reader.ts';
import { forEachFrame } from '../../wire/frame-walk.ts';
import { NULL_ID } from '../../wire/id-text.ts';
import { DEFAULT_MAX_BATCH, decodeRequests, encodeError, encodeResult, type RpcItem } from '../../wire/json-rpc.ts';

/** Limits that questions do not reach. */
const MAX_QUESTION_BYTES = 64 * 1024;
const MAX_IN_BATCH = 16;
const MAX_CONNECTIONS = 16;
/** A connection without traffic is closed after this time, unless the client waits for an answer. */
const INACTIVITY_MS = 10_000;

export type Question = {
  /** Positional params; params by name are the single element. */
  params: readonly unknown[];
  /** Identifies the connection: the same object for all its questions. */
  asker: object;
  /** Registers a function to call after the answer is sent. */
  after(call: () => void): void;
};

/** Returns the result, or throws the error of the answer. */
export type Answer = (question: Question) => unknown | Promise<unknown>;

/** Answers by method name. */
export type Answers = Readonly<Record<string, Answer>>;

export type ControlLimits = {
  /** @default 16 */
  maxConnections?: number;
  /** @default 10000 */
  inactivityMs?: number;
};

/** Returns the function that takes over each accepted, paused socket. Sockets over the limit are closed. */
export function createControl(answers: Answers, limits: ControlLimits = {}): (socket: Socket) => void {
  const { maxConnections = MAX_CONNECTIONS, inactivityMs = INACTIVITY_MS } = limits;
  let connections = 0;
  return (socket) => {
    if (connections >= maxConnections) return void socket.destroy();
    connections += 1;
    socket.once('close', () => {
      connections -= 1;
    });
    serve(socket, answers, inactivityMs);
  };
}

/** Answers questions one by one, and reads on after the last answer, until the client closes. */
function serve(socket: Socket, answers: Answers, inactivityMs: number): void {
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
    // A client that does not read gets no further answers.
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
      // Clients of the control socket belong to the same user, so an invalid stream is closed without an error.
      socket.destroy();
      return;
    }
    void answerAll();
  });
  socket.resume();
}

type From = Pick<Question, 'asker' | 'after'>;

async function reply(payload: Buffer, answers: Answers, from: From): Promise<string | undefined> {
  const { batch, items } = decodeRequests(payload, DEFAULT_MAX_BATCH);
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
  return new LaunchpoolError('ERR_LAUNCHPOOL_METHOD_NOT_FOUND', `unknown method: ${method}`, {
    hint: `Use one of: ${Object.keys(answers).join(', ')}.`,
  });
}

function tooMany(items: number): LaunchpoolError {
  const message = `the batch has ${items} questions, more than ${MAX_IN_BATCH}`;
  return new LaunchpoolError('ERR_LAUNCHPOOL_REQUEST_INVALID', message);
}
