/** How the bench starts a contender, `node NAME.ts SOCKET MODE THREADS HANDLER`, and ends it. */

export type Invocation = {
  socketPath: string;
  mode: 'raw' | 'rpc';
  threads: number;
  /** The name of the module under bench/handlers/MODE, and of the method of JSON-RPC. */
  handler: string;
  handlerUrl: string;
};

/** The contenders run from their sources, or compiled to JavaScript. */
const EXTENSION = import.meta.url.slice(-3);

const [, , socketPath = '', mode = 'raw', threads = '2', handler = 'rot13'] = process.argv;

export const invocation: Invocation = {
  socketPath,
  mode: mode === 'rpc' ? 'rpc' : 'raw',
  threads: Number(threads),
  handler,
  handlerUrl: moduleUrl(`../handlers/${mode}/${handler}`).href,
};

/** @param path relative to this folder, without its extension. */
export function moduleUrl(path: string): URL {
  return new URL(path + EXTENSION, import.meta.url);
}

/** Reports to the bench that this contender answers, and the process whose memory is measured. */
export function sayReady(pid: number = process.pid): void {
  process.stdout.write(`ready ${pid}\n`);
}

/** Ends this process at the request of the bench, and after the bench: standard input is a pipe from it. */
export function endWithBench(close: () => unknown = () => undefined): void {
  let ending = false;
  const end = async (): Promise<void> => {
    if (ending) return;
    ending = true;
    await close();
    process.exit(0);
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  process.stdin.on('end', end);
  process.stdin.on('error', end);
  process.stdin.resume();
}
