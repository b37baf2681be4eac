/**
 * Runs the tests, and lists at the end what they could not test on this machine. With LAUNCHPOOL_TEST_ALL set, there must
 * be nothing of that. The arguments are ava's.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const AVA = fileURLToPath(new URL('../node_modules/.bin/ava', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'lp-run-'));
const list = join(folder, 'not-tested');
const { status } = spawnSync(process.execPath, [AVA, ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, LAUNCHPOOL_NOT_TESTED: list },
});
const notTested = existsSync(list) ? readFileSync(list, 'utf8').trim().split('\n').sort() : [];
rmSync(folder, { recursive: true });
if (notTested.length > 0) console.log(`\nNOT TESTED here:\n${notTested.map((line) => `  ${line}\n`).join('')}`);
process.exitCode = status === 0 && notTested.length > 0 && process.env.LAUNCHPOOL_TEST_ALL ? 1 : (status ?? 1);
