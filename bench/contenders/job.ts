/** The work of every contender on the payload of a request, on any thread: calls the handler. */

/** Bytes, or text to be encoded as UTF-8. */
export type Reply = Uint8Array | string;
export type Job = (payload: Uint8Array) => Reply | Promise<Reply>;

type Method = (...params: unknown[]) => unknown;
type Request = { id: number; method: string; params: unknown[] };

/** Worker threads find their job in the environment: each pool passes options to its threads in its own way. */
const MODE_VARIABLE = 'BENCH_MODE';
const HANDLER_VARIABLE = 'BENCH_HANDLER_URL';

export function shareJob(mode: string, handlerUrl: string): void {
  process.env[MODE_VARIABLE] = mode;
  process.env[HANDLER_VARIABLE] = handlerUrl;
}

export function loadSharedJob(): Promise<Job> {
  return loadJob(process.env[MODE_VARIABLE] ?? 'raw', process.env[HANDLER_VARIABLE] ?? '');
}

export async function loadJob(mode: string, handlerUrl: string): Promise<Job> {
  const exported = (await import(handlerUrl)) as Record<string, unknown>;
  if (mode === 'raw') return exported.default as Job;
  const methods = new Map(Object.entries(exported) as [string, Method][]);
  const decoder = new TextDecoder();
  return (payload) => {
    const { id, method, params } = JSON.parse(decoder.decode(payload)) as Request;
    const result = (methods.get(method) as Method)(...params);
    return JSON.stringify({ jsonrpc: '2.0', id, result });
  };
}
