/** A thread of Tinypool. */
import { loadSharedJob } from '../job.ts';

export default await loadSharedJob();
