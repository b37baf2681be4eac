/** Steps that are told of, and undone the last first. */
import test from 'ava';
import { createSteps, type StepEvent } from '../../../src/install/steps.ts';
import { LaunchpoolError } from '../../../wire/errors.ts';

const TITLES = { one: 'First', two: 'Second' } as const;

function recorded(): { events: string[]; steps: ReturnType<typeof createSteps<keyof typeof TITLES>> } {
  const events: string[] = [];
  const steps = createSteps(TITLES, ({ step, title, status, detail }: StepEvent) => {
    events.push([step, title, status, detail].filter((part) => part !== undefined).join(' '));
  });
  return { events, steps };
}

test('a step is told of when it starts, and how it ends', async (t) => {
  const { events, steps } = recorded();
  t.is(
    await steps.run('one', ({ detail }) => {
      detail('three files');
      return 7;
    }),
    7,
  );
  await steps.run('two', ({ skip }) => skip('is there'));
  t.deepEqual(events, [
    'one First started',
    'one First done three files',
    'two Second started',
    'two Second skipped is there',
  ]);
});

test('what was done is undone, the last first, and each step is told of once', async (t) => {
  const { events, steps } = recorded();
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

test('what cannot be undone is said, and the rest is undone all the same', async (t) => {
  const { steps } = recorded();
  const undone: string[] = [];
  await steps.run('one', ({ undo }) => {
    undo(() => void undone.push('a'));
    undo(() => Promise.reject(new Error('stuck')));
    undo(() => void undone.push('c'));
  });
  const { message } = await steps.fail(new Error('no'));
  t.deepEqual(undone, ['c', 'a']);
  t.regex(message, /step "begin": no And this could not be undone: one: stuck/);
});

test('an error of launchpool’s keeps its code and its hint', async (t) => {
  const { steps } = recorded();
  const cause = new LaunchpoolError('ERR_LAUNCHPOOL_NODE_UNFIT', 'no', { hint: 'Take another.' });
  await t.throwsAsync(steps.run('one', () => Promise.reject(cause)));
  const { code, hint, data } = await steps.fail(cause);
  t.deepEqual([code, hint, data], ['ERR_LAUNCHPOOL_NODE_UNFIT', 'Take another.', { step: 'one' }]);
});

for (const [code, hint] of [
  ['EACCES', /Not writable: \/a\/b/],
  ['EROFS', /Not writable: \/a\/b/],
  ['EPERM', /keep the module elsewhere/],
  ['ENOSPC', /disk is full/],
  ['EDQUOT', /disk is full/],
  ['EEXIST', /Something else is at \/a\/b/],
  ['ENOTDIR', /Something else is at \/a\/b/],
] as const) {
  test(`${code} of the file system comes with a hint`, async (t) => {
    const error = await recorded().steps.fail(Object.assign(new Error('no'), { code, path: '/a/b' }));
    t.regex(error.hint ?? '', hint);
    t.is(error.code, 'ERR_LAUNCHPOOL_INSTALL_FAILED');
  });
}
