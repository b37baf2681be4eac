/** The URL of the agent's module, from its path. */
import { existsSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * Follows links, since a link may lead to another module when the next thread starts. A module that does not exist is
 * no error here: the agent starts, and reports it to its clients.
 */
export function moduleUrlOf(module: string): string {
  if (module.startsWith('file:')) return module;
  const path = resolve(module);
  return pathToFileURL(existsSync(path) ? realpathSync(path) : path).href;
}
