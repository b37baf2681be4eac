/** Reads files and links that may be missing. */
import { readFileSync, readlinkSync } from 'node:fs';

/** Undefined if the file is missing or unreadable. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** The target of a symbolic link; undefined if the link is missing, or the path is not a link. */
export function linkTargetOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
