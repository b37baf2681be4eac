/** The kind of a script by its name and its package, as Node decides it. */
import { extname } from 'node:path';
import { nearestPackageFolder, readPackageJson } from './scope.ts';

/** For a script without imports and exports, by which the bundler would tell. */
export function formatOf(path: string): 'cjs' | 'esm' {
  if (/^\.[mc][jt]sx?$/.test(extname(path))) return extname(path).startsWith('.m') ? 'esm' : 'cjs';
  const folder = nearestPackageFolder(path);
  return folder !== undefined && readPackageJson(folder).type === 'module' ? 'esm' : 'cjs';
}
