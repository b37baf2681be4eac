/**
 * Prepares a release: sets the version, gives the changes in CHANGELOG.md the version and the date, packs, and checks the
 * package. Publishes nothing.
 *
 *     npm run release -- 0.2.0 --dry-run    in a copy of the checkout, which is removed
 *     npm run release -- 0.2.0
 */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { deadLinks } from './package-links.ts';

const ROOT = resolve(import.meta.dirname, '..');
const CHANGED = ['package.json', 'package-lock.json', 'CHANGELOG.md'];
/** Without these a package is not one. */
const REQUIRED = ['README.md', 'LICENSE', 'CHANGELOG.md', 'dist/launchpool.cjs', 'dist/src/index.js', 'docs/start.md'];

class ReleaseError extends Error {}

/** @returns whether version a is later than b; both have three numbers. */
export function isLater(a: string, b: string): boolean {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number)) as [number[], number[]];
  const at = left.findIndex((part, index) => part !== right[index]);
  return at !== -1 && Number(left[at]) > Number(right[at]);
}

/** @returns the changelog, whose unreleased changes have a version. @throws Error if there are none */
export function withRelease(changelog: string, version: string, date: string): string {
  const [before, rest] = changelog.split('## Unreleased\n');
  if (before === undefined || rest === undefined) throw new ReleaseError('CHANGELOG.md has no section "## Unreleased"');
  if (rest.split(/^## /m)[0]?.trim() === '') throw new ReleaseError('CHANGELOG.md has no unreleased changes');
  return `${before}## Unreleased\n\n## ${version} (${date})\n${rest}`;
}

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status === 0) return stdout;
  throw new ReleaseError(
    `${command} ${args.join(' ')}: ${error?.message ?? `exit status ${status}`}\n${stdout}${stderr}`,
  );
}

/** Sets the version in a checkout. */
function writeVersion(folder: string, version: string): void {
  const edit = (name: string, change: (text: string) => string): void => {
    const path = join(folder, name);
    writeFileSync(path, change(readFileSync(path, 'utf8')));
  };
  edit('package.json', (text) => text.replace(/"version": "[^"]+"/, `"version": "${version}"`));
  // Its own entry, and that of the package "".
  edit('package-lock.json', (text) => {
    const lock = JSON.parse(text);
    lock.version = version;
    lock.packages[''].version = version;
    return `${JSON.stringify(lock, null, 2)}\n`;
  });
  edit('CHANGELOG.md', (text) => withRelease(text, version, new Date().toISOString().slice(0, 10)));
}

/** Packs, and tries the package. @returns the path of the package */
function pack(folder: string, version: string): string {
  const tarball = join(folder, `launchpool-${version}.tgz`);
  const [packed] = Object.values(
    JSON.parse(run('npm', ['pack', '--json', '--loglevel', 'error', '--foreground-scripts=false'], folder)),
  ) as {
    files: { path: string }[];
  }[];
  const files = packed?.files.map(({ path }) => path) ?? [];
  const missing = REQUIRED.filter((path) => !files.includes(path));
  if (missing.length > 0) throw new ReleaseError(`the package lacks ${missing.join(', ')}`);
  const unpacked = join(folder, 'node_modules', '.cache', 'launchpool-release');
  try {
    rmSync(unpacked, { recursive: true, force: true });
    mkdirSync(unpacked, { recursive: true });
    run('tar', ['-xzf', tarball, '-C', unpacked], folder);
    check(join(unpacked, 'package'), files, version);
  } finally {
    rmSync(unpacked, { recursive: true, force: true });
  }
  return tarball;
}

/** @param folder of the unpacked package, below the packages that it needs. */
function check(folder: string, files: readonly string[], version: string): void {
  const dead = deadLinks(
    files.filter((path) => path.endsWith('.md')),
    files,
    folder,
  );
  if (dead.length > 0)
    throw new ReleaseError(dead.map(({ page, link, reason }) => `${page}: ${link}: ${reason}`).join('\n'));
  const printed = run(process.execPath, [join(folder, 'dist', 'launchpool.cjs'), '--version'], folder).trim();
  if (printed !== version) throw new ReleaseError(`launchpool --version prints ${printed}`);
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    exports: Record<string, unknown>;
  };
  for (const entry of Object.keys(exports).filter((path) => !path.endsWith('.json')))
    run(
      process.execPath,
      ['--input-type=module', '--eval', `await import('${entry.replace('.', 'launchpool')}')`],
      folder,
    );
}

/** A copy of the files that git knows, as they are now, with the packages of the checkout. */
function copyOfCheckout(): string {
  const copy = mkdtempSync(join(tmpdir(), 'launchpool-release-'));
  const names = run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], ROOT).split('\0');
  for (const name of names.filter((each) => each !== '' && existsSync(join(ROOT, each)))) {
    mkdirSync(dirname(join(copy, name)), { recursive: true });
    copyFileSync(join(ROOT, name), join(copy, name));
  }
  // The packages are linked one by one: the folder itself gets the unpacked package.
  mkdirSync(join(copy, 'node_modules'));
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    if (name !== '.cache') symlinkSync(join(ROOT, 'node_modules', name), join(copy, 'node_modules', name));
  }
  return copy;
}

function release(version: string, isDryRun: boolean): void {
  const { version: current } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  if (!/^\d+\.\d+\.\d+$/.test(version)) throw new ReleaseError(`not a version of three numbers: ${version}`);
  if (!isLater(version, current)) throw new ReleaseError(`${version} is not later than ${current}`);
  if (!isDryRun && run('git', ['status', '--porcelain'], ROOT) !== '')
    throw new ReleaseError('the checkout has changes: commit them, or use --dry-run');
  const copy = copyOfCheckout();
  try {
    writeVersion(copy, version);
    const tarball = pack(copy, version);
    const name = `launchpool-${version}.tgz`;
    if (!isDryRun)
      for (const file of [...CHANGED, name]) copyFileSync(file === name ? tarball : join(copy, file), join(ROOT, file));
    console.log(`${name}: packed and checked${isDryRun ? ', and removed again (--dry-run)' : ''}.`);
    if (isDryRun) return;
    console.log(`\nNext:\n  git commit -am 'release ${version}'\n  git tag v${version}\n  npm publish ${name}`);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  try {
    const { values, positionals } = parseArgs({
      options: { 'dry-run': { type: 'boolean', default: false } },
      allowPositionals: true,
    });
    const [version, ...more] = positionals;
    if (version === undefined || more.length > 0) throw new ReleaseError('npm run release -- VERSION [--dry-run]');
    release(version, values['dry-run']);
  } catch (error) {
    if (!(error instanceof ReleaseError) && (error as { code?: string }).code !== 'ERR_PARSE_ARGS_UNKNOWN_OPTION')
      throw error;
    console.error(`release: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}
