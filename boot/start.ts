/**
 * Ships in the program, and runs before the agent: its start. The first thread boots for longer than the main thread
 * needs until it listens, so it starts first.
 */
import { Worker } from 'node:worker_threads';
import { takeEnvironment } from '../src/activation/environment.ts';
import { listenForSignals } from '../src/activation/signals.ts';
import { limitsOf } from '../src/pool/thread-limits.ts';
import { cacheFolder } from './cache-folder.ts';

type Agent = typeof import('../src/cli/agent-entry.ts');

const signals = listenForSignals();
const env = takeEnvironment();
const codeFolder = optionOf('--cache') ?? cacheFolder();
// The limits of a thread cannot change after its start.
const resourceLimits = limitsOf(Number(optionOf('--thread-memory')));
// Its options follow in a message; see thread.ts.
const worker = new Worker(`${__dirname}/runtime/worker.js`, {
  workerData: { codeFolder },
  ...(resourceLimits && { resourceLimits }),
});

// Not an import: an import would load it before the thread starts.
const { loadWithCode } = require('./code-cache.ts') as typeof import('./code-cache.ts');
const agent = loadWithCode<Agent>(`${__dirname}/runtime/agent.js`, codeFolder);
agent.exports.runAgent({
  signals,
  env,
  worker,
  codeFolder,
  onQuiet() {
    // For the logger, which is loaded next.
    process.getBuiltinModule('node:module').enableCompileCache(codeFolder);
    agent.save();
  },
});

/** Reads an option that is needed before the parser of the options is loaded. */
function optionOf(name: string): string | undefined {
  // As in parseArgs(), the last one counts, and `--name=value` is valid.
  const { argv } = process;
  const at = argv.findLastIndex((arg) => arg === name || arg.startsWith(`${name}=`));
  if (at < 0) return undefined;
  return argv[at] === name ? argv[at + 1] : argv[at]?.slice(name.length + 1);
}
