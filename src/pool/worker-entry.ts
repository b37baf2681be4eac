/** Where the code of the worker threads is: beside these sources or, built, beside the built files. A bundle has its own. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';

export const WORKER_ENTRY: string = fileURLToPath(new URL(`../../workers/entry.${extension}`, import.meta.url));
/** What loads a module for a look at it. */
export const INSPECT_ENTRY: string = fileURLToPath(new URL(`../../workers/inspect.${extension}`, import.meta.url));
/** The name of the function in it that takes tasks. */
export const WORKER_FUNCTION = 'run';
/** What Piscina starts its threads with. */
export const PISCINA_WORKER: string = join(dirname(createRequire(import.meta.url).resolve('piscina')), 'worker.js');
