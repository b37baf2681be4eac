/** Takes the place of src/pool/worker-entry.ts in the bundle, where all files stand beside each other. */
import { join } from 'node:path';

export const PISCINA_WORKER: string = join(__dirname, 'worker.js');
/** A thread has it already. */
export const WORKER_ENTRY: string = PISCINA_WORKER;
export const INSPECT_ENTRY: string = PISCINA_WORKER;
export const WORKER_FUNCTION = 'run';
