/**
 * Runs the tests, and lists at the end what they could not test on this machine. With LAUNCHPOOL_TEST_ALL set, there must
 * be nothing of that. Most agents in them are started from a build that is made here, which takes a quarter of the time
 * that the sources take: see test/helpers/agent.ts. The arguments are ava's.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type BuiltProgram, buildProgram } from '../build/program.ts';
import { placeNode } from './helpers/lasting-node.ts';

const AVA = resolve(import.meta.dirname, '..', 'node_modules', '.bin', 'ava');

/**
 * A test that hangs would have ava wait for ever if another one has asked for more time shortly before: then its own limit
 * is passed over, once and for all (class TimeoutTrigger in https://github.com/avajs/ava/blob/main/lib/api.js).
 */
const TIMEOUT_MS = 30 * 60_000;

const folder = mkdtempSync(join(tmpdir(), 'lp-run-'));
const node = placeNode();
let built: BuiltProgram | undefined;
try {
  if (process.env.LAUNCHPOOL_TEST_PROGRAM === undefined) built = buildProgram();
  process.exitCode = run(built?.path);
} finally {
  built?.remove();
  node.remove();
  rmSync(folder, { recursive: true, force: true });
}

function run(program = process.env.LAUNCHPOOL_TEST_PROGRAM): number {
  const list = join(folder, 'not-tested');
  const env = {
    ...process.env,
    LAUNCHPOOL_NOT_TESTED: list,
    LAUNCHPOOL_TEST_PROGRAM: program,
    LAUNCHPOOL_TEST_NODE: node.path,
  };
  const { status } = spawnSync(process.execPath, [AVA, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env,
    timeout: TIMEOUT_MS,
    // At which ava says what it has been waiting for.
    killSignal: 'SIGINT',
  });
  const notTested = existsSync(list) ? readFileSync(list, 'utf8').trim().split('\n').sort() : [];
  if (notTested.length > 0) console.log(`\nNOT TESTED here:\n${notTested.map((line) => `  ${line}\n`).join('')}`);
  return status === 0 && notTested.length > 0 && process.env.LAUNCHPOOL_TEST_ALL ? 1 : (status ?? 1);
}
