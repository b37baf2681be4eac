/** A thread of workerpool. */
import workerpool from 'workerpool';
import { loadSharedJob } from '../job.ts';

const run = await loadSharedJob();

workerpool.worker({ run });
