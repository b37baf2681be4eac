/**
 * Runs the tests, and lists at the end what they did not test on this machine. With LAUNCHPOOL_TEST_ALL set, that list
 * must be empty. Most agents in the tests start from a build that is made here, which takes a quarter of the time of the
 * sources: see test/helpers/agent.ts. Without arguments, both groups of ava.config.js run in sequence, and modules that
 * many files need described are described once; with arguments, which are those of ava, the named files run, in either
 * group.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type BuiltProgram, buildProgram } from '../build/program.ts';
import { describeAll } from './helpers/described.ts';
import { placeNode } from './helpers/lasting-node.ts';

const AVA = resolve(import.meta.dirname, '..', 'node_modules', '.bin', 'ava');

/**
 * A test that hangs would let ava wait for ever if another test has raised its timeout shortly before: ava then ignores
 * its own limit from then on (class TimeoutTrigger in https://github.com/avajs/ava/blob/main/lib/api.js).
 */
const TIMEOUT_MS = 30 * 60_000;

const args = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'lp-run-'));
const node = placeNode();
let built: BuiltProgram | undefined;
try {
  if (process.env.LAUNCHPOOL_TEST_PROGRAM === undefined) built = buildProgram();
  if (args.length === 0) await describeAll(folder);
  process.exitCode = run(built?.path);
} finally {
  built?.remove();
  node.remove();
  rmSync(folder, { recursive: true, force: true });
}

function run(program = process.env.LAUNCHPOOL_TEST_PROGRAM): number {
  const list = join(folder, 'not-tested');
  let failed = false;
  for (const group of args.length === 0 ? ['threads', 'processes'] : [undefined]) {
    const { status } = spawnSync(process.execPath, [AVA, ...args], {
      stdio: 'inherit',
      env: {
        ...process.env,
        LAUNCHPOOL_NOT_TESTED: list,
        LAUNCHPOOL_TEST_PROGRAM: program,
        LAUNCHPOOL_TEST_NODE: node.path,
        LAUNCHPOOL_TEST_DESCRIPTIONS: folder,
        LAUNCHPOOL_TEST_GROUP: group,
      },
      timeout: TIMEOUT_MS,
      // On this signal, ava reports the tests that it is waiting for.
      killSignal: 'SIGINT',
    });
    if (status !== 0) failed = true;
  }
  const notTested = existsSync(list) ? readFileSync(list, 'utf8').trim().split('\n').sort() : [];
  if (notTested.length > 0) console.log(`\nNOT TESTED here:\n${notTested.map((line) => `  ${line}\n`).join('')}`);
  return failed || (notTested.length > 0 && process.env.LAUNCHPOOL_TEST_ALL) ? 1 : 0;
}
