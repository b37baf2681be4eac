/** What the package of a module says of itself. */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { PackageFacts } from '../../description/description.ts';

/** Reads the nearest package.json above a module, as Node does. @returns undefined if there is none that can be read. */
export function packageOf(module: string): PackageFacts | undefined {
  try {
    for (let folder = dirname(realpathSync(module)); ; folder = dirname(folder)) {
      const path = join(folder, 'package.json');
      if (existsSync(path)) return factsIn(JSON.parse(readFileSync(path, 'utf8')));
      if (folder === dirname(folder)) return undefined;
    }
  } catch {
    return undefined;
  }
}

function factsIn(content: unknown): PackageFacts {
  const { name, version } = Object(content) as Record<string, unknown>;
  return { ...(typeof name === 'string' && { name }), ...(typeof version === 'string' && { version }) };
}
