/**
 * The file with the description of a version, beside `launchpool-module.json`. A file of its own: the agent reads the other
 * one before its first reply, and a description may be as long as {@link file://../src/describe/methods.ts MAX_LENGTH}.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Description } from './description.ts';

export const DESCRIPTION_FILE = 'launchpool-description.json';

/** Compact: readers of it are programs. */
export function descriptionText(description: Description): string {
  return `${JSON.stringify(description)}\n`;
}

/** @param folder the root of the version. @returns undefined if there is no file, or one of another format. */
export function readDescription(folder: string): Description | undefined {
  try {
    const found = JSON.parse(readFileSync(join(folder, DESCRIPTION_FILE), 'utf8')) as Partial<Description> | null;
    if (found?.format !== 1 || !Array.isArray(found.methods) || !Array.isArray(found.notes)) return undefined;
    return typeof found.$defs === 'object' && found.$defs !== null ? (found as Description) : undefined;
  } catch {
    return undefined;
  }
}
