/**
 * The very beginning of the agent, in the order that counts: booting the first thread takes longer than all else that
 * the agent does until it listens, so that comes first.
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
// A thread that runs cannot be given limits any more.
const resourceLimits = limitsOf(Number(optionOf('--thread-memory')));
// Told later what to do; see thread.ts.
const worker = new Worker(`${__dirname}/runtime/worker.js`, {
  workerData: { codeFolder },
  ...(resourceLimits && { resourceLimits }),
});

// Only now is what this needs loaded.
const { loadWithCode } = require('./code-cache.ts') as typeof import('./code-cache.ts');
const agent = loadWithCode<Agent>(`${__dirname}/runtime/agent.js`, codeFolder);
agent.exports.runAgent({
  signals,
  env,
  worker,
  codeFolder,
  onQuiet() {
    // For the logger, which is loaded now.
    process.getBuiltinModule('node:module').enableCompileCache(codeFolder);
    agent.save();
  },
});

/** The rest of the arguments is read by what is not loaded yet. */
function optionOf(name: string): string | undefined {
  // As parseArgs() has it: the last one counts, and the value may be joined to it.
  const { argv } = process;
  const at = argv.findLastIndex((arg) => arg === name || arg.startsWith(`${name}=`));
  if (at < 0) return undefined;
  return argv[at] === name ? argv[at + 1] : argv[at]?.slice(name.length + 1);
}
