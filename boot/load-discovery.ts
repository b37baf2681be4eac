/** Stands in place of workers/load-discovery.ts in the bundle, where it loads a file beside the thread's. */
import type * as discovery from '../description/discovery.ts';

export function loadDiscovery(): typeof discovery {
  return require('../description/discovery.ts');
}
