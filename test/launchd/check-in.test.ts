/** Check-in with launchd, against a compiled library with the signature of launch_activate_socket(3). */
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { checkInWithLaunchd } from '../../launchd/check-in.ts';
import type { LaunchpoolError } from '../../wire/errors.ts';
import { fixture } from '../helpers/agent.ts';
import { compileLibrary, preloaded } from '../helpers/c-library.ts';
import { runProgram } from '../helpers/program.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const SOURCE = 'launchd/libactivate.c';

async function checkInAsChild(t: ExecutionContext, ...names: string[]): Promise<Record<string, unknown>> {
  const library = await compileLibrary(t, SOURCE);
  const program = fixture('programs/check-in-with-launchd.ts');
  const { status, signal, stdout, stderr } = await runProgram([process.execPath, program, library, ...names], {
    env: preloaded(library),
  });
  t.deepEqual({ status, signal }, { status: 0, signal: null }, stderr);
  return JSON.parse(stdout.toString('utf8'));
}

for (const [what, names, sockets, frees] of [
  ['one descriptor', ['one'], { one: [40] }, [1]],
  ['several descriptors', ['two'], { two: [40, 41] }, [1]],
  ['an array without descriptors', ['none'], { none: [] }, [1]],
  ['no descriptors and no array', ['null'], { null: [] }, []],
  ['several names', ['two', 'one'], { two: [40, 41], one: [40] }, [1, 1]],
  ['no name at all', [], {}, []],
] as const) {
  test(`${what}: all are returned, and each array is freed exactly once`, async (t) => {
    t.deepEqual(await checkInAsChild(t, ...names), { sockets, frees });
  });
}

test('the pointers of a failed call are neither read nor freed', async (t) => {
  const { error, frees } = await checkInAsChild(t, 'one', 'eacces');
  t.is((error as LaunchpoolError).code, 'ERR_LAUNCHPOOL_CHECK_IN_FAILED');
  t.deepEqual(frees, [1]);
});

for (const [errno, code] of [
  ['enoent', 'ERR_LAUNCHPOOL_CHECK_IN_UNKNOWN_NAME'],
  ['esrch', 'ERR_LAUNCHPOOL_CHECK_IN_NOT_MANAGED'],
  ['ealready', 'ERR_LAUNCHPOOL_CHECK_IN_REPEATED'],
  ['eacces', 'ERR_LAUNCHPOOL_CHECK_IN_FAILED'],
] as const) {
  test(`${errno} becomes ${code}, with a hint`, async (t) => {
    const library = await compileLibrary(t, SOURCE, { LISTENERS: errno });
    const error = t.throws<LaunchpoolError>(() => checkInWithLaunchd(['Listeners'], [library]), { code });
    t.truthy(error.hint);
    // ESRCH concerns the process and not the name.
    if (errno !== 'esrch') t.regex(error.message, /Listeners/);
  });
}

test('the error data has an error number without a code of its own', async (t) => {
  const library = await compileLibrary(t, SOURCE);
  const error = t.throws<LaunchpoolError>(() => checkInWithLaunchd(['eacces'], [library]));
  t.deepEqual(error.data, { errno: 13 });
});

test('the second check-in under a name is refused', async (t) => {
  const library = await compileLibrary(t, SOURCE);
  checkInWithLaunchd(['one'], [library]);
  t.throws(() => checkInWithLaunchd(['one'], [library]), { code: 'ERR_LAUNCHPOOL_CHECK_IN_REPEATED' });
});

test('the error names a missing library', async (t) => {
  const missing = join(await tempDir(t), 'missing.so');
  const error = t.throws<LaunchpoolError>(() => checkInWithLaunchd(['one'], [missing]), {
    code: 'ERR_LAUNCHPOOL_CHECK_IN_LIBRARY',
  });
  t.true(error.message.includes(missing));
  t.truthy(error.hint);
});

test('a library without the function is an error', async (t) => {
  const other = await compileLibrary(t, 'launchd/other.c');
  const error = t.throws<LaunchpoolError>(() => checkInWithLaunchd(['one'], [other]), {
    code: 'ERR_LAUNCHPOOL_CHECK_IN_LIBRARY',
  });
  t.regex(error.message, /launch_activate_socket/);
});

test('libraries are tried in order until one has the function', async (t) => {
  const missing = join(await tempDir(t), 'missing.so');
  const libraries = [missing, await compileLibrary(t, 'launchd/other.c'), await compileLibrary(t, SOURCE)];
  t.deepEqual([...checkInWithLaunchd(['two'], libraries)], [['two', [40, 41]]]);
});
