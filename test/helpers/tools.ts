/** Programs that some tests need and that some systems lack. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { notTested } from './not-tested.ts';

/** The path of a program, or undefined if it is not installed. */
export function findTool(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return [...folders, '/usr/bin', '/bin', '/usr/lib/systemd'].map((folder) => join(folder, name)).find(isExecutable);
}

/** Like {@link findTool}; if the tool is missing, the test passes and reports that it tested nothing. */
export function needTool(t: ExecutionContext, name: string): string | undefined {
  const path = findTool(name);
  if (path !== undefined) return path;
  notTested(t, `${name} is not installed`);
  return undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
