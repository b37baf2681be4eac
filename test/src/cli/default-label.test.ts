/** Labels from names of files and folders. */
import test from 'ava';
import fc from 'fast-check';
import { labelFrom } from '../../../src/cli/default-label.ts';
import { checkLabel, socketPathOf } from '../../../wire/address.ts';

test('what a label cannot have is replaced', (t) => {
  for (const [name, label] of [
    ['rot13', 'rot13'],
    ['access-control', 'access-control-agent'],
    ['access.control', 'access-control-agent'],
    ['control', 'control-agent'],
    ['remote controls', 'remote-controls'],
    ['größe.v2', 'gr-e-v2'],
    ['日本', 'agent'],
    ['.hidden', 'hidden'],
    ['-', 'agent'],
    ['a'.repeat(200), 'a'.repeat(40)],
  ] as const) {
    t.is(labelFrom(name), label);
  }
});

test('any name gives a legal label, alone and behind a prefix', (t) => {
  const name = fc.oneof(fc.string({ unit: 'grapheme' }), fc.stringMatching(/^[a-z.-]{0,50}control$/));
  fc.assert(
    fc.property(name, (text) => {
      for (const prefix of ['', 'com.example.']) {
        const label = `${prefix}${labelFrom(text)}`;
        checkLabel(label);
        socketPathOf(label, { platform: 'linux', env: { XDG_RUNTIME_DIR: '/run/user/1000000' } });
      }
    }),
  );
  t.pass();
});
