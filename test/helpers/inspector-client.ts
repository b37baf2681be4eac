/** A client of Node's inspector, which knows the places of a source by its source map, as a debugger does. */
import { once } from 'node:events';
import { SourceMap } from 'node:module';
import type { ExecutionContext } from 'ava';

type Params = Record<string, unknown>;
type Script = { scriptId: string; url: string; sourceMapURL?: string };
export type Frame = {
  callFrameId: string;
  functionName: string;
  location: { scriptId: string; lineNumber: number; columnNumber: number };
};

export type InspectorClient = {
  send<Result = Params>(method: string, params?: Params): Promise<Result>;
  /** Resolves with the next event of that name. */
  next<Event = Params>(method: string): Promise<Event>;
  /** The script with that URL, once it is parsed. */
  script(url: string): Promise<Script>;
  /** A line of the source, from 0, as a line of what runs. */
  compiledLine(script: Script, line: number): Promise<number>;
  /** The source and its line, from 0, in which a frame is. */
  placeOf(frame: Frame): { url: string; line: number };
  /** The value of an expression in a paused frame. */
  evaluate(frame: Frame, expression: string): Promise<unknown>;
  close(): void;
};

export async function inspectorClient(t: ExecutionContext, url: string): Promise<InspectorClient> {
  const socket = new WebSocket(url);
  t.teardown(() => socket.close());
  await once(socket, 'open');
  const replies = new Map<number, PromiseWithResolvers<unknown>>();
  const scripts = new Map<string, Script>();
  const waiting: { method: string; resolve: (params: never) => void }[] = [];
  let lastId = 0;
  socket.addEventListener('message', ({ data }) => {
    const { id, result, error, method, params } = JSON.parse(String(data));
    if (id !== undefined) {
      if (error === undefined) replies.get(id)?.resolve(result);
      else replies.get(id)?.reject(new Error(error.message));
      return;
    }
    if (method === 'Debugger.scriptParsed') scripts.set(params.scriptId, params);
    for (const each of waiting.filter((one) => one.method === method)) {
      waiting.splice(waiting.indexOf(each), 1);
      each.resolve(params as never);
    }
  });
  socket.addEventListener('close', () => {
    for (const { reject } of replies.values()) reject(new Error('the inspector has closed the connection'));
  });

  function send<Result>(method: string, params: Params = {}): Promise<Result> {
    lastId += 1;
    const reply = Promise.withResolvers<unknown>();
    replies.set(lastId, reply);
    socket.send(JSON.stringify({ id: lastId, method, params }));
    return reply.promise as Promise<Result>;
  }

  const next = <Event>(method: string): Promise<Event> => new Promise((resolve) => waiting.push({ method, resolve }));

  return {
    send,
    next,
    async script(wanted) {
      for (;;) {
        const found = [...scripts.values()].find((script) => script.url === wanted);
        if (found !== undefined) return found;
        await next('Debugger.scriptParsed');
      }
    },
    async compiledLine(script, line) {
      const map = mapOf(script);
      if (map === undefined) return line;
      const { scriptSource } = await send<{ scriptSource: string }>('Debugger.getScriptSource', {
        scriptId: script.scriptId,
      });
      return scriptSource.split('\n').findIndex((text, at) => {
        const entry = map.findEntry(at, text.length);
        return 'originalLine' in entry && entry.generatedLine === at && entry.originalLine === line;
      });
    },
    placeOf({ location }) {
      const script = scripts.get(location.scriptId) as Script;
      const entry = mapOf(script)?.findEntry(location.lineNumber, location.columnNumber);
      if (entry === undefined || !('originalLine' in entry)) return { url: script.url, line: location.lineNumber };
      return { url: new URL(entry.originalSource, script.url).href, line: entry.originalLine };
    },
    async evaluate({ callFrameId }, expression) {
      type Evaluated = { result: { value: unknown }; exceptionDetails?: object };
      const params = { callFrameId, expression, returnByValue: true };
      const { result, exceptionDetails } = await send<Evaluated>('Debugger.evaluateOnCallFrame', params);
      if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
      return result.value;
    },
    close: () => socket.close(),
  };
}

function mapOf({ sourceMapURL = '' }: Script): SourceMap | undefined {
  if (sourceMapURL === '') return undefined;
  return new SourceMap(JSON.parse(Buffer.from(sourceMapURL.replace(/^data:[^,]*,/, ''), 'base64').toString()));
}
