/** A thread of Piscina. */
import { loadSharedJob } from '../job.ts';

export default await loadSharedJob();
