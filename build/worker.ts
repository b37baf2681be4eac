/** A worker thread, with its compiled code from the cache where there is one: the main thread's does not reach it. */
import { enableCompileCache } from 'node:module';
import { cacheFolder } from './cache-folder.ts';

enableCompileCache(cacheFolder());
require('./thread.js');
