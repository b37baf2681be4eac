/** Finds the Pythons of this machine: what is on the PATH and under pyenv, one of each minor version from 3.8 on. */
import { execFileSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { homedir } from 'node:os';

export type Python = { path: string; version: string };

const OLDEST_MINOR = 8;

/** Sorted from the oldest; tests that need one must fail where there is none. */
export function findPythons(): Python[] {
  const root = process.env.PYENV_ROOT ?? `${homedir()}/.pyenv`;
  const minors = Array.from({ length: 12 }, (_unused, index) => OLDEST_MINOR + index);
  const candidates = [...globSync(`${root}/versions/3.*/bin/python3`), 'python3', ...minors.map((n) => `python3.${n}`)];
  const found = new Map<number, Python>();
  for (const path of candidates) {
    const version = versionOf(path);
    const minor = Number(version?.split('.')[1]);
    if (version !== undefined && minor >= OLDEST_MINOR && !found.has(minor)) found.set(minor, { path, version });
  }
  return [...found].sort(([a], [b]) => a - b).map(([, python]) => python);
}

function versionOf(path: string): string | undefined {
  if (path.includes('/') && !existsSync(path)) return undefined;
  try {
    const script = 'import platform; print(platform.python_version())';
    return execFileSync(path, ['-c', script], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    // Not installed, or a pyenv shim of a version that is switched off.
    return undefined;
  }
}
