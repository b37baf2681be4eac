/** The server of MCP: answers the requests of one client. It has no state that an agent needs. */
import { LaunchpoolError } from '../../wire/errors.ts';
import type { Caller } from './calling.ts';
import { type Catalogue, faultOf } from './catalogue.ts';
import { type Era, eraOf, type LegacyEra, META, MODERN, negotiated } from './eras.ts';
import type { LineWriter } from './lines.ts';
import {
  errorMessage,
  Fault,
  isObject,
  isRequestId,
  notificationMessage,
  type Params,
  type Request,
  type RequestId,
  readMessage,
  resultMessage,
} from './messages.ts';
import { callTool } from './tool-call.ts';
import { type ToolChanges, watchTools } from './tool-changes.ts';

export type BridgeOptions = {
  labels: readonly string[];
  /** Of launchpool. */
  version: string;
  catalogue: Catalogue;
  caller: Caller;
  output: LineWriter;
};

export type Bridge = {
  receive(line: Buffer): void;
  receiveTooLong(maxBytes: number): void;
  /** Resolves when no call is open. */
  idle(): Promise<void>;
  /** Cancels the open calls, which get no response. */
  close(): void;
};

/** How long a client of 2026-07-28 may keep what does not change, and the list of tools, in milliseconds. */
const DISCOVER_TTL_MS = 3_600_000;
const TOOLS_TTL_MS = 10_000;

export function createBridge({ labels, version, catalogue, caller, output }: BridgeOptions): Bridge {
  const serverInfo = { name: 'launchpool', title: labels.join(', '), version };
  const capabilities = { tools: { listChanged: true } };
  const calls = new Map<RequestId, AbortController>();
  /** The requests `subscriptions/listen` that are open, and whether they ask for changes of the tools. */
  const listeners = new Map<RequestId, boolean>();
  const waitingForIdle = new Set<() => void>();
  let session: LegacyEra | undefined;
  let hasSession = false;
  let changes: ToolChanges | undefined;
  /** Of the tools that the client has got. */
  let listed: string | undefined;

  const answers: Readonly<Record<string, (request: Request, era: Era) => object | Promise<object> | undefined>> = {
    'tools/list': ({ params }, era) => {
      if (params.cursor !== undefined)
        throw new Fault('invalidParams', 'the list of tools has no pages: no cursor is valid');
      const tools = catalogue.tools(era);
      // Until changes are noticed.
      if (changes === undefined) listed = catalogue.fingerprint();
      return { tools, ...(era === MODERN && { ttlMs: TOOLS_TTL_MS, cacheScope: 'private' }) };
    },
    'tools/call': ({ id, params }, era) => {
      const { signal } = calls.get(id) as AbortController;
      return callTool(params, era, signal, { catalogue, caller, ...output });
    },
  };
  const legacyAnswers: typeof answers = { ping: () => ({}) };
  const modernAnswers: typeof answers = {
    'server/discover': () => ({
      supportedVersions: [MODERN],
      capabilities,
      ttlMs: DISCOVER_TTL_MS,
      cacheScope: 'private',
    }),
    'subscriptions/listen': ({ id, params }) => listen(id, params),
  };

  function initialize({ protocolVersion }: Params): object {
    session = negotiated(protocolVersion);
    return { protocolVersion: session, capabilities, serverInfo };
  }

  function listen(id: RequestId, { notifications }: Params): undefined {
    if (!isObject(notifications))
      throw new Fault('invalidParams', 'subscriptions/listen needs an object "notifications"');
    const isAsked = notifications.toolsListChanged === true;
    const params = { _meta: { [META.subscription]: id }, notifications: isAsked ? { toolsListChanged: true } : {} };
    output.write(notificationMessage('notifications/subscriptions/acknowledged', params));
    listeners.set(id, isAsked);
    if (isAsked) watch();
  }

  function watch(): void {
    // Behind the list of tools that the client has asked for, or asks for next.
    setImmediate(() => {
      changes ??= watchTools(catalogue, listed ?? catalogue.fingerprint(), () => {
        const method = 'notifications/tools/list_changed';
        if (hasSession) output.write(notificationMessage(method));
        for (const [id, isAsked] of listeners) {
          if (isAsked) output.write(notificationMessage(method, { _meta: { [META.subscription]: id } }));
        }
      });
    });
  }

  function notice(method: string, { requestId }: Params): void {
    if (method === 'notifications/initialized' && session !== undefined) {
      hasSession = true;
      watch();
    }
    if (method !== 'notifications/cancelled' || !isRequestId(requestId)) return;
    listeners.delete(requestId);
    calls.get(requestId)?.abort();
    settle(requestId);
  }

  function settle(id: RequestId): void {
    calls.delete(id);
    if (calls.size > 0) return;
    for (const resolve of waitingForIdle) resolve();
    waitingForIdle.clear();
  }

  async function answer(request: Request): Promise<void> {
    const { id, method, params } = request;
    const call = new AbortController();
    if (calls.has(id) || listeners.has(id))
      return output.write(errorMessage(id, new Fault('invalidRequest', 'a request with this id is open')));
    calls.set(id, call);
    const isOpen = (): boolean => calls.get(id) === call;
    try {
      const result = method === 'initialize' ? initialize(params) : answerIn(request, eraOf(request, session));
      // Without a turn of the event loop, so that answers keep the order of requests where they can.
      const found = result instanceof Promise ? await result : result;
      if (found !== undefined && isOpen()) output.write(resultMessage(id, found));
    } catch (error) {
      if (isOpen()) output.write(errorMessage(id, asFault(error)));
    } finally {
      if (isOpen()) settle(id);
    }
  }

  function answerIn(request: Request, era: Era): object | Promise<object> | undefined {
    const isModern = era === MODERN;
    const { method } = request;
    const known = { ...answers, ...(isModern ? modernAnswers : legacyAnswers) };
    const found = Object.hasOwn(known, method) ? known[method]?.(request, era) : unknownMethod(method);
    if (!isModern || found === undefined) return found;
    return found instanceof Promise ? found.then(complete) : complete(found);
  }

  function complete(result: object): object {
    return { resultType: 'complete', ...result, _meta: { ...metaIn(result), [META.server]: serverInfo } };
  }

  return {
    receive(line) {
      const message = readMessage(line);
      if (message.kind === 'request') void answer(message);
      else if (message.kind === 'notification') notice(message.method, message.params);
      else if (message.kind === 'invalid') output.write(errorMessage(message.id, message.fault));
    },
    receiveTooLong(maxBytes) {
      const fault = new Fault('invalidRequest', `a message of more than ${maxBytes} bytes is not read`);
      output.write(errorMessage(undefined, fault));
    },
    idle() {
      return calls.size === 0 ? Promise.resolve() : new Promise((resolve) => waitingForIdle.add(resolve));
    },
    close() {
      changes?.close();
      for (const call of calls.values()) call.abort();
      calls.clear();
      for (const id of listeners.keys())
        output.write(resultMessage(id, complete({ _meta: { [META.subscription]: id } })));
      listeners.clear();
      caller.close();
    },
  };
}

function metaIn({ _meta }: { _meta?: unknown }): object {
  return isObject(_meta) ? _meta : {};
}

function unknownMethod(method: string): never {
  throw new Fault('methodNotFound', `Method not found: ${method}`);
}

function asFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  if (error instanceof LaunchpoolError) return faultOf(error);
  return new Fault('internal', error instanceof Error ? error.message : String(error));
}
