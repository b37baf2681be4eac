/** Ships in the bundle in place of src/pool/worker-entry.ts: there, all files are in one folder. */
import { join } from 'node:path';

export const PISCINA_WORKER: string = join(__dirname, 'worker.js');
/** The file that a thread already runs. */
export const WORKER_ENTRY: string = PISCINA_WORKER;
export const WORKER_FUNCTION = 'run';
