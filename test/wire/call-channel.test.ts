/** The type of an error, as subscribers of the tracing channel see it: the same on all sides of a call. */
import test from 'ava';
import { type CallMessage, noteCallError } from '../../wire/call-channel.ts';
import { fromPlain, LaunchpoolError, toPlain } from '../../wire/errors.ts';

for (const [what, error, type] of [
  ['a stable code', new LaunchpoolError('ERR_LAUNCHPOOL_BUSY', 'busy'), 'ERR_LAUNCHPOOL_BUSY'],
  ['a code of its own', Object.assign(new RangeError('far'), { code: 'E_FAR' }), 'E_FAR'],
  ['a class', new RangeError('far'), 'RangeError'],
  ['neither', new Error('plain'), 'Error'],
  ['text that was thrown', 'text', 'Error'],
  ['nothing that was thrown', undefined, 'Error'],
  ['a number', Object.assign(new Error('no'), { code: -32_050 }), '-32050'],
  ['a DOMException, whose code is an old number', new DOMException('gone', 'AbortError'), 'AbortError'],
  ['a code that is empty', Object.assign(new TypeError('no'), { code: '' }), 'TypeError'],
] as const) {
  test(`the type of an error by ${what}, in a handler and in its client`, (t) => {
    const typeOf = (thrown: unknown): string | undefined => {
      const message: CallMessage = {
        ...{ role: 'client', method: 'a', id: 1, traceparent: undefined, tracestate: undefined },
      };
      noteCallError(message, thrown);
      t.is(message.error, thrown);
      return message.errorType;
    };
    t.is(typeOf(error), type);
    t.is(typeOf(fromPlain(toPlain(error))), type);
  });
}
