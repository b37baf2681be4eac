/** Steps are reported, and undone in reverse order. */
import test from 'ava';
import { createSteps, type StepEvent } from '../../../src/install/rollback.ts';
import { LaunchpoolError } from '../../../wire/errors.ts';

const TITLES = { one: 'First', two: 'Second' } as const;

function recordSteps(): { events: string[]; steps: ReturnType<typeof createSteps<keyof typeof TITLES>> } {
  const events: string[] = [];
  const steps = createSteps(TITLES, ({ step, title, status, detail }: StepEvent) => {
    events.push([step, title, status, detail].filter((part) => part !== undefined).join(' '));
  });
  return { events, steps };
}

test('a step is reported when it starts and when it ends', async (t) => {
  const { events, steps } = recordSteps();
  t.is(
    await steps.run('one', ({ detail }) => {
      detail('three files');
      return 7;
    }),
    7,
  );
  await steps.run('two', ({ skip }) => skip('already there'));
  t.deepEqual(events, [
    'one First started',
    'one First done three files',
    'two Second started',
    'two Second skipped already there',
  ]);
});

test('steps are undone in reverse order, and each is reported once', async (t) => {
  const { events, steps } = recordSteps();
  const undone: string[] = [];
  await steps.run('one', ({ undo }) => {
    undo(() => void undone.push('a'));
    undo(async () => void undone.push('b'));
  });
  const failing = steps.run('two', ({ undo }) => {
    undo(() => void undone.push('c'));
    throw new Error('no');
  });
  const thrown = await t.throwsAsync(failing, { message: 'no' });
  const error = await steps.fail(thrown);
  t.deepEqual(undone, ['c', 'b', 'a']);
  t.deepEqual(events.slice(2), ['two Second started', 'two Second failed no', 'two Second undone', 'one First undone']);
  t.deepEqual([error.code, error.data, error.cause], ['ERR_LAUNCHPOOL_INSTALL_FAILED', { step: 'two' }, thrown]);
  t.is(error.message, 'step "two": no');
});

test('a failing undo action is reported, and the other actions still run', async (t) => {
  const { steps } = recordSteps();
  const undone: string[] = [];
  await steps.run('one', ({ undo }) => {
    undo(() => void undone.push('a'));
    undo(() => Promise.reject(new Error('stuck')));
    undo(() => void undone.push('c'));
  });
  const { message } = await steps.fail(new Error('no'));
  t.deepEqual(undone, ['c', 'a']);
  t.regex(message, /^step "begin": no; could not be undone: one: stuck$/);
});

test('an error of launchpool keeps its code and its hint', async (t) => {
  const { steps } = recordSteps();
  const cause = new LaunchpoolError('ERR_LAUNCHPOOL_NODE_UNFIT', 'no', { hint: 'Take another.' });
  await t.throwsAsync(steps.run('one', () => Promise.reject(cause)));
  const { code, hint, data } = await steps.fail(cause);
  t.deepEqual([code, hint, data], ['ERR_LAUNCHPOOL_NODE_UNFIT', 'Take another.', { step: 'one' }]);
});

for (const [code, hint] of [
  ['EACCES', /Not writable: \/a\/b/],
  ['EROFS', /Not writable: \/a\/b/],
  ['EPERM', /Keep the module elsewhere/],
  ['ENOSPC', /disk is full/],
  ['EDQUOT', /disk is full/],
  ['EEXIST', /Another file is at \/a\/b/],
  ['ENOTDIR', /Another file is at \/a\/b/],
] as const) {
  test(`the error ${code} of the file system gets a hint`, async (t) => {
    const error = await recordSteps().steps.fail(Object.assign(new Error('no'), { code, path: '/a/b' }));
    t.regex(error.hint ?? '', hint);
    t.is(error.code, 'ERR_LAUNCHPOOL_INSTALL_FAILED');
  });
}
