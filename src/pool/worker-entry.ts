/**
 * Paths of the code of the worker threads: beside these sources or, when built, beside the built files. In the bundle,
 * boot/worker-entry.ts replaces this file.
 */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';

export const WORKER_ENTRY: string = fileURLToPath(new URL(`../../workers/entry.${extension}`, import.meta.url));
/** The exported function of WORKER_ENTRY that takes tasks. */
export const WORKER_FUNCTION = 'run';
/** The file with which Piscina starts its threads. */
export const PISCINA_WORKER: string = join(dirname(createRequire(import.meta.url).resolve('piscina')), 'worker.js');
