/** Finds the Pythons of this machine, on the PATH and under pyenv: one of each minor version from 3.8 on. */
import { execFileSync } from 'node:child_process';
import { globSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

export type Python = { path: string; version: string };

const OLDEST_MINOR = 8;

/** Sorted from the oldest; tests that need one must fail without any. */
export function findPythons(): Python[] {
  const found = new Map<number, Python>();
  for (const python of eachPython()) {
    const minor = Number(python.version.split('.')[1]);
    if (!found.has(minor)) found.set(minor, python);
  }
  return [...found].sort(([a], [b]) => a - b).map(([, python]) => python);
}

/** The oldest and the newest: together they show every difference that the tests distinguish. */
export function outermost(pythons: readonly Python[]): Python[] {
  return pythons.filter((_python, index) => index === 0 || index === pythons.length - 1);
}

/** All others. */
export function inner(pythons: readonly Python[]): Python[] {
  return pythons.slice(1, -1);
}

/** Any of them: to run all for their versions takes as long as many a test. */
export function findPython(): Python | undefined {
  return eachPython().next().value ?? undefined;
}

function* eachPython(): Generator<Python, void> {
  const root = process.env.PYENV_ROOT ?? `${homedir()}/.pyenv`;
  // pyenv's shims lead to the files under its root, and take a hundred times as long as a Python to print a version.
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== join(root, 'shims'));
  const names = ['python3', ...Array.from({ length: 12 }, (_unused, index) => `python3.${OLDEST_MINOR + index}`)];
  const onPath = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  const seen = new Set<string>();
  for (const path of [...globSync(`${root}/versions/3.*/bin/python3`), ...onPath]) {
    const real = realPathOf(path);
    if (real === undefined || seen.has(real)) continue;
    seen.add(real);
    const version = versionOf(path);
    if (Number(version?.split('.')[1]) >= OLDEST_MINOR) yield { path, version: version as string };
  }
}

function realPathOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    // No such file.
    return undefined;
  }
}

function versionOf(path: string): string | undefined {
  try {
    const script = 'import sys; print("%d.%d.%d" % sys.version_info[:3])';
    return execFileSync(path, ['-ISc', script], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    // An older Python, or a shim of another pyenv, which has the version disabled.
    return undefined;
  }
}
