import test from 'ava';
import { errorResult, errorText } from '../../../src/mcp/tool-errors.ts';
import { fromPlain, LaunchpoolError } from '../../../wire/errors.ts';

test('an error of launchpool has its text, its code and what to do', (t) => {
  const error = new LaunchpoolError('ERR_LAUNCHPOOL_NOT_INSTALLED', 'no agent is installed as a', {
    hint: 'Install it.',
  });
  t.is(errorText(error), 'no agent is installed as a (ERR_LAUNCHPOOL_NOT_INSTALLED)\nInstall it.');
  t.deepEqual(errorResult(error), {
    content: [{ type: 'text', text: errorText(error) }],
    isError: true,
    _meta: {
      'launchpool/error': {
        name: 'LaunchpoolError',
        code: 'ERR_LAUNCHPOOL_NOT_INSTALLED',
        retryable: false,
        hint: 'Install it.',
      },
    },
  });
});

test("a handler's error has its name, its data and its causes", (t) => {
  const cause = { name: 'TypeError', message: 'deeper' };
  const error = fromPlain({ name: 'RangeError', message: 'too far', code: 'E_RANGE', data: { at: 7 }, cause });
  t.is(errorText(error), 'RangeError: too far (E_RANGE)\ndata: {"at":7}\ncause: TypeError: deeper');
  t.is(errorText(fromPlain({ name: 'Error', message: 'no' })), 'Error: no');
  t.is(errorText(fromPlain({ name: 'Error', message: 'no', data: 'x'.repeat(3_000) })), 'Error: no');
});

test('anything else that is thrown has its message', (t) => {
  t.is(errorText(new Error('no')), 'no');
  t.is(errorText('no'), 'no');
  t.is(errorResult(new Error('no'))._meta, undefined);
});
