/**
 * The very beginning of the agent, in the order that counts: booting the first thread takes longer than all else that
 * the agent does until it listens, so that comes first.
 */
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { takeEnvironment } from '../src/supervisor/environment.ts';
import { cacheFolder } from './cache-folder.ts';
import { loadWithCode } from './code-cache.ts';

type Agent = typeof import('../src/cli/agent-entry.ts');

const env = takeEnvironment();
// Told later what to do; see thread.ts.
const codeFolder = cacheFolder();
const worker = new Worker(join(__dirname, 'worker.js'), { workerData: { codeFolder } });
const agent = loadWithCode<Agent>('agent.js', codeFolder);
agent.exports.runAgent({
  env,
  worker,
  codeFolder,
  onQuiet() {
    // For the logger, which is loaded now.
    enableCompileCache(codeFolder);
    agent.keep();
  },
});
