/**
 * Calls of plain clients of NATS, as frames of one conversation with the agent: what holds for other clients holds for these.
 * A body of JSON is passed on as it is, and so is a result.
 */
import type { Socket } from 'node:net';
import { LaunchpoolError, type PlainError, toPlain } from '../../wire/errors.ts';
import { overStream, type Transport } from '../client/transport.ts';
import { type LinkPair, linkPair } from './link-pair.ts';

export type PlainReply = { result: Uint8Array } | { error: PlainFailure };

/** The error object of JSON-RPC. */
export type PlainFailure = { code: number; message: string; data?: unknown };

export type PlainAsks = {
  timeoutMs: number | undefined;
  traceparent: string | undefined;
  tracestate: string | undefined;
};

export type PlainCallsOptions = {
  kind: 'raw' | 'rpc';
  maxFrameBytes: number;
  /** Calls without a reply that there may be. A queue group of NATS chooses instances without asking them. */
  maxOpen: number;
};

export type PlainCalls = {
  /** @param method undefined for a raw agent. */
  call(method: string | undefined, body: Uint8Array, asks: PlainAsks, onReply: (reply: PlainReply) => void): void;
  /** Whether the agent has taken all calls of earlier turns of the event loop: it answers them, also while it shuts down. */
  readonly isTaken: boolean;
  close(): void;
};

/** @property index the place among the frames of its conversation; undefined until it is sent. */
type OpenCall = { id: number; index: number | undefined; onReply: (reply: PlainReply) => void };

/** Calls of one conversation never get the replies, or share the end, of another. */
type Conversation = { transport: Promise<Transport>; open: Map<number, OpenCall>; sent: number };

const BUSY = -32_002;
const PARSE_ERROR = -32_700;
const INTERNAL = -32_603;
const RETRY_MS = 100;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** @param accept has the agent take a conversation: with the first call, and again after the agent has closed it. */
export function createPlainCalls(
  accept: (socket: Socket) => void,
  { kind, maxFrameBytes, maxOpen }: PlainCallsOptions,
): PlainCalls {
  let current: Conversation | undefined;
  let pair: LinkPair | undefined;
  let lastId = 0;
  let openCalls = 0;
  let isClosed = false;

  function converse(): Conversation {
    const open: Conversation['open'] = new Map();
    pair = linkPair();
    // It has what the agent uses of a socket.
    accept(pair.agent as unknown as Socket);
    const transport = overStream(
      { stream: pair.client, place: 'the agent', handshake: undefined, keepAlive: () => undefined },
      { maxFrameBytes: Number.POSITIVE_INFINITY },
      {
        onFrame: (payload) => (kind === 'raw' ? receiveRaw(open, payload) : receive(open, payload)),
        onClosing(framesRun) {
          leave();
          for (const call of [...open.values()])
            if (call.index === undefined || call.index >= framesRun) settle(open, call, { error: busy('it leaves') });
        },
        onClose() {
          leave();
          const error = { code: INTERNAL, message: 'the instance has closed the connection: the request may have run' };
          for (const call of [...open.values()]) settle(open, call, { error });
        },
      },
    );
    const conversation = { transport, open, sent: 0 };
    const leave = (): void => {
      if (current === conversation) current = undefined;
    };
    current = conversation;
    return conversation;
  }

  function settle(open: Conversation['open'], call: OpenCall, reply: PlainReply): void {
    if (!open.delete(call.id)) return;
    openCalls -= 1;
    call.onReply(reply);
  }

  function receiveRaw(open: Conversation['open'], payload: Buffer): void {
    const [oldest] = open.values();
    if (oldest !== undefined) settle(open, oldest, { result: payload });
  }

  function receive(open: Conversation['open'], payload: Buffer): void {
    // The agent of this process writes its responses in this form alone: wire/json-rpc.ts.
    const [start = '', id, member] =
      /^\{"jsonrpc":"2\.0","id":(\d+),"(result|error)":/.exec(payload.toString('latin1', 0, 60)) ?? [];
    const call = open.get(Number(id));
    if (call === undefined) return;
    const value = payload.subarray(start.length, -1);
    settle(open, call, member === 'result' ? { result: value } : { error: JSON.parse(String(value)) as PlainFailure });
  }

  async function send(call: OpenCall, payload: Buffer): Promise<void> {
    const conversation = current ?? converse();
    const { open, transport } = conversation;
    open.set(call.id, call);
    openCalls += 1;
    try {
      const connection = await transport;
      // The end of the conversation has failed the call.
      if (!open.has(call.id)) return;
      call.index = conversation.sent;
      conversation.sent += 1;
      connection.send(payload);
    } catch (error) {
      if (current === conversation) current = undefined;
      settle(open, call, { error: failureOf(toPlain(error)) });
    }
  }

  return {
    call(method, body, asks, onReply) {
      if (isClosed || openCalls >= maxOpen) return onReply({ error: busy('it has too many requests') });
      lastId += 1;
      const payload = method === undefined ? Buffer.from(body) : encodeRequest(lastId, method, body, asks);
      if (payload === undefined)
        return onReply({ error: { code: PARSE_ERROR, message: 'the body is no JSON in UTF-8' } });
      if (payload.length > maxFrameBytes) return onReply({ error: tooLong(payload.length, maxFrameBytes) });
      void send({ id: lastId, index: undefined, onReply }, payload);
    },
    get isTaken() {
      return pair === undefined || pair.isTaken;
    },
    close() {
      isClosed = true;
      void current?.transport.then((transport) => transport.close()).catch(() => undefined);
    },
  };
}

/** Undefined for a body that is no JSON. An empty one stands for no params. */
function encodeRequest(id: number, method: string, body: Uint8Array, asks: PlainAsks): Buffer | undefined {
  try {
    const text = utf8.decode(body);
    if (text !== '') JSON.parse(text);
    const members = JSON.stringify({ jsonrpc: '2.0', id, method, ...asks }).slice(0, -1);
    return Buffer.from(text === '' ? `${members}}` : `${members},"params":${text}}`);
  } catch {
    return undefined;
  }
}

function busy(reason: string): PlainFailure {
  const data = { code: 'ERR_LAUNCHPOOL_BUSY', data: { retryAfterMs: RETRY_MS } };
  return { code: BUSY, message: `the instance takes no request: ${reason}`, data };
}

function tooLong(bytes: number, max: number): PlainFailure {
  const text = `a request of ${bytes} bytes; the maximum is ${max}`;
  return failureOf(toPlain(new LaunchpoolError('ERR_LAUNCHPOOL_FRAME_TOO_LARGE', text)));
}

function failureOf({ message, code }: PlainError): PlainFailure {
  return { code: INTERNAL, message, ...(code !== undefined && { data: { code } }) };
}
