/**
 * The very beginning of the agent, in the order that counts: booting the first thread takes longer than all else that
 * the agent does until it listens, so that comes first.
 */
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { takeEnvironment } from '../src/supervisor/environment.ts';
import { cacheFolder } from './cache-folder.ts';

const env = takeEnvironment();
// Told later what to do; see worker.ts.
const worker = new Worker(join(__dirname, 'worker.js'), { workerData: {} });
enableCompileCache(cacheFolder());
require('./agent.js').runAgent({ env, worker });
