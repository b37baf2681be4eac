/** Loads at once what few requests need: what the agent says of its methods. */
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import type * as discovery from '../description/discovery.ts';

export function loadDiscovery(): typeof discovery {
  const { url } = import.meta;
  return createRequire(url)(`../description/discovery${extname(url)}`);
}
