/** A thread of Poolifier. */
import { ThreadWorker } from 'poolifier';
import { loadSharedJob, type Reply } from '../job.ts';

const job = await loadSharedJob();

export default new ThreadWorker<Uint8Array, Reply>(async (payload) => job(payload as Uint8Array));
