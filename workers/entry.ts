/** Entry of a worker thread: the function that Piscina calls for each task. */
import { parentPort, threadId, workerData } from 'node:worker_threads';
import { fromPlain, type PlainError, toPlain } from '../wire/errors.ts';
import { createArgumentCheck } from './argument-check.ts';
import { brokenRunner } from './broken-runner.ts';
import { watchConsole } from './console-lines.ts';
import { createFailureLines } from './failure-lines.ts';
import { offerHandlerHost } from './handler-host.ts';
import { factsOf, type Handlers, importHandlers, mustBeOfKind } from './handlers.ts';
import { createLateReplies, type LateReplies } from './late-replies.ts';
import { createLogLines, factsOfRequest, type LineFacts, type WriteLine } from './log-lines.ts';
import { methodCaller } from './method-caller.ts';
import { methodsWith } from './method-options.ts';
import { forbidExit } from './no-exit.ts';
import { hasContexts, inOwnContext, watchContexts } from './own-context.ts';
import { withTrimmedStacks } from './own-frames.ts';
import { createReplyAccount } from './reply-account.ts';
import { reportFiles } from './reported-files.ts';
import { createRequests } from './requests.ts';
import { type BatchRunner, createBatchRunner } from './run-batch.ts';
import { rawRunner } from './run-raw.ts';
import { rpcRunner, type StreamHost } from './run-rpc.ts';
import type { Runner } from './runner.ts';
import { slotsOf } from './slot.ts';
import { loadFromSnapshot } from './snapshot.ts';
import type { IncomingParams } from './stream/incoming-params.ts';
import type { InspectorOptions, MainMessage, Task, TaskResult, ThreadMessage, ThreadOptions } from './task.ts';

const options: ThreadOptions = workerData;
const slots = slotsOf(options.memory);
// The module can read workerData too, and the memory holds the requests of other threads.
Object.assign(options, { memory: undefined });
const requests = createRequests();
forbidExit();
const { exposeStacks: isForDeveloper, inspect } = options;
watchConsole({ isForDeveloper, keepsConsole: inspect !== undefined, printing });
watchContexts();
// The module may exchange messages of its own with other threads.
process.on('workerMessage', (message: MainMessage) => {
  if (message?.launchpool === 'answer-with-error') mayAnswerWithError.resolve();
  if (message?.launchpool === 'credit') lateReplies?.resume();
  if (message?.launchpool === 'tear-down') void end();
  if (message?.launchpool === 'items') void params?.then(({ receive }) => receive(message, message.payload));
  if (message?.launchpool !== 'cancel') return;
  lateReplies?.drop(message.ticket, message.index);
  const cancel = (): void => requests.cancel(message.ticket, message.index, message.error);
  if (hasContexts()) inOwnContext(cancel);
  else cancel();
});
const mayAnswerWithError = Promise.withResolvers<void>();
let lateReplies: LateReplies | undefined;
let batches: BatchRunner | undefined;
let loading: Promise<BatchRunner> | undefined;
let params: Promise<IncomingParams> | undefined;
let tearDown: (() => Promise<void>) | undefined;
let isRpc = false;
/** Opened when the thread starts, so that a debugger can attach before the module is loaded. */
const inspected = inspect && inspectThread(inspect);
if (options.loadAtOnce) loading = load();

/**
 * Runs one task. The first task loads the module: if the module ends its thread while it loads, that task fails. If the
 * start of a thread loaded it, threads would start and end without limit.
 */
export function run(task: Task): Promise<TaskResult> | TaskResult {
  if (batches !== undefined) return runTask(batches, task);
  loading ??= load();
  return loading.then((loaded) => runTask(loaded, task));
}

function runTask(loaded: BatchRunner, task: Task): Promise<TaskResult> | TaskResult {
  if (task === null) return 0;
  // The main thread only sends numbers of existing slots.
  if (typeof task === 'number') return loaded.run(slots[task] as (typeof slots)[number]);
  return loaded.runLong(task);
}

async function inspectThread(inspect: InspectorOptions): Promise<void> {
  const { openInspector } = await import('./inspector.ts');
  openInspector(inspect, threadId, send);
}

async function load(): Promise<BatchRunner> {
  if (inspected !== undefined) await inspected;
  if (options.reportFiles && parentPort !== null) reportFiles(options.moduleUrl, parentPort);
  const { concurrency, maxReplyBytes: maxBytes } = options;
  const account = createReplyAccount();
  const post = (message: ThreadMessage, memory: ArrayBuffer[]): void => parentPort?.postMessage(message, memory);
  const replies = createLateReplies({ send: post, maxBytes, account });
  const log = createLogLines(send);
  offerHandlerHost({ requests, lateReplies: replies, log });
  const { moduleUrl } = options;
  const onFailure = createFailureLines({ log, moduleUrl, isForDeveloper });
  const host = { requests, lateReplies: replies, params: () => incomingParams(replies), onFailure };
  const runner = await loadRunner(host, log);
  send({ launchpool: 'account', account });
  lateReplies = replies;
  batches = createBatchRunner({ runner, lateReplies: replies, requests, threadId, concurrency });
  return batches;
}

async function loadRunner(host: StreamHost, log: WriteLine): Promise<Runner> {
  const { moduleUrl, kind, broken } = options;
  if (broken !== undefined) {
    send({ launchpool: 'not-loaded', error: broken });
    return brokenRunner(fromPlain(broken), kind, options);
  }
  const recording = options.takesSnapshot ? loadFromSnapshot(options.snapshot) : undefined;
  try {
    const { handlers, setUp, ...ending } = await importHandlers(moduleUrl);
    mustBeOfKind(moduleUrl, handlers, kind);
    send({ launchpool: 'imported', moduleUrl, facts: factsOf(handlers), snapshot: recording?.take() });
    await setUp();
    tearDown = ending.tearDown;
    send({ launchpool: 'loaded', snapshot: recording?.end(), tearsDown: ending.tearsDown });
    return runnerOf(handlers, host, log);
  } catch (thrown) {
    const error = options.exposeStacks ? withTrimmedStacks(toPlain(thrown, { stack: true })) : toPlain(thrown);
    send({ launchpool: 'not-loaded', error });
    // Other threads may serve: then the main thread ends this one, and its requests go to them.
    await mayAnswerWithError.promise;
    return brokenRunner(thrown, kind, options);
  }
}

/**
 * The request that prints, for the log. The code behind an `await` is known by its context, which costs time: under
 * `launchpool dev` all requests have one, and otherwise those that start after a request has printed something.
 */
function printing(): LineFacts | undefined {
  const { request = requests.running, trace } = requests.context() ?? {};
  if (!requests.hasContexts && isRpc && (request !== undefined || batches?.hasOpen())) requests.keepContexts();
  if (request === undefined) return undefined;
  return factsOfRequest(request, trace);
}

function incomingParams(replies: LateReplies): Promise<IncomingParams> {
  params ??= import('./stream/incoming-params.ts').then(({ createIncomingParams }) =>
    createIncomingParams(requests, replies),
  );
  return params;
}

async function end(): Promise<void> {
  let error: PlainError | undefined;
  try {
    await tearDown?.();
  } catch (thrown) {
    error = toPlain(thrown, { stack: true });
  }
  send({ launchpool: 'torn-down', error });
}

function send(message: ThreadMessage): void {
  parentPort?.postMessage(message);
}

function runnerOf(handlers: Handlers, host: StreamHost, log: WriteLine): Runner {
  isRpc = handlers.kind === 'rpc';
  if (isRpc && isForDeveloper) requests.keepContexts();
  if (handlers.kind === 'raw') return rawRunner(handlers.handle, { ...options, ...host, borrows: handlers.borrows });
  requests.setTimed(methodsWith('timeoutMs', handlers.options));
  const limited = methodsWith('concurrency', handlers.options);
  const { moduleUrl, validate: mode = 'on' } = options;
  const checkArguments = createArgumentCheck({ moduleUrl, mode, isForDeveloper, log });
  return rpcRunner(methodCaller(handlers, moduleUrl), { ...options, limited, checkArguments }, host);
}
