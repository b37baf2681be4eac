/** What runs on a worker thread: the function that Piscina calls for each task. */
import { parentPort, workerData } from 'node:worker_threads';
import { toPlain } from '../wire/errors.ts';
import { encodeTextFrame } from '../wire/frame.ts';
import { NULL_ID } from '../wire/id-text.ts';
import { decodeRequests, encodeError } from '../wire/json-rpc.ts';
import { type Handlers, loadHandlers } from './handlers.ts';
import { reportLoadedFiles } from './loaded-files.ts';
import { runRaw } from './run-raw.ts';
import { methodFinder, runRpc } from './run-rpc.ts';
import type { AgentKind, Outcome, Task, ThreadMessage, ThreadOptions } from './task.ts';

type Run = (request: Uint8Array) => Promise<Outcome>;
type Runner = { kind: AgentKind; run: Run };

const options: ThreadOptions = workerData;
let loading: Promise<Runner> | undefined;

/**
 * Runs one request. The module is loaded by the first one and not before: a module that ends its thread while it
 * loads then costs that request, and not an endless row of threads.
 */
export async function run({ request }: Task): Promise<Outcome> {
  loading ??= load();
  const runner = await loading;
  return request === undefined ? { kind: runner.kind } : runner.run(request);
}

async function load(): Promise<Runner> {
  if (options.reportFiles && parentPort !== null) reportLoadedFiles(options.moduleUrl, parentPort);
  try {
    const runner = runnerOf(await loadHandlers(options.moduleUrl));
    parentPort?.postMessage({ launchpool: 'kind', kind: runner.kind } satisfies ThreadMessage);
    return runner;
  } catch (thrown) {
    return brokenRunner(thrown);
  }
}

function runnerOf(handlers: Handlers): Runner {
  if (handlers.kind === 'raw') return { kind: 'raw', run: (request) => runRaw(handlers.handle, request) };
  const find = methodFinder(handlers.methods);
  return { kind: 'rpc', run: (request) => runRpc(find, request, options) };
}

/**
 * A module that cannot be loaded answers every request with the reason. Of which kind it would have been is not
 * known, so the answer is a JSON-RPC error even to what is not JSON.
 */
function brokenRunner(thrown: unknown): Runner {
  const broken = toPlain(thrown);
  const refuse = (): never => {
    throw thrown;
  };
  const run: Run = async (request) => {
    const readable = decodeRequests(request).items.some((item) => !('error' in item));
    if (readable) return { ...(await runRpc(() => refuse, request, options)), broken };
    return { kind: 'rpc', reply: encodeTextFrame(encodeError(NULL_ID, broken)), broken };
  };
  return { kind: 'rpc', run };
}
