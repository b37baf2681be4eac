/**
 * The very beginning of the agent, in the order that counts: booting the first thread takes longer than all else that
 * the agent does until it listens, so that comes first.
 */
import { Worker } from 'node:worker_threads';
import { takeEnvironment } from '../src/supervisor/environment.ts';
import { cacheFolder } from './cache-folder.ts';

type Agent = typeof import('../src/cli/agent-entry.ts');

const env = takeEnvironment();
const codeFolder = optionOf('--cache') ?? cacheFolder();
// Told later what to do; see thread.ts.
const worker = new Worker(`${__dirname}/runtime/worker.js`, { workerData: { codeFolder } });

// Only now is what this needs loaded.
const { loadWithCode } = require('./code-cache.ts') as typeof import('./code-cache.ts');
const agent = loadWithCode<Agent>(`${__dirname}/runtime/agent.js`, codeFolder);
agent.exports.runAgent({
  env,
  worker,
  codeFolder,
  onQuiet() {
    // For the logger, which is loaded now.
    process.getBuiltinModule('node:module').enableCompileCache(codeFolder);
    agent.keep();
  },
});

/** The rest of the arguments is read by what is not loaded yet. */
function optionOf(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}
