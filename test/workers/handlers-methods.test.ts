/** The exports that are methods, for any kind of module. */
import test from 'ava';
import { readHandlers } from '../../workers/handlers.ts';

const NO_EXPORTS = { code: 'ERR_LAUNCHPOOL_MODULE_NO_EXPORTS' };

const namesOf = (exported: Readonly<Record<string, unknown>>): string[] => {
  const handlers = readHandlers('file:///m.ts', exported);
  return handlers.kind === 'raw' ? ['(raw)'] : [...handlers.methods];
};
const fn = (): number => 1;

for (const name of ['default', 'then', 'setup', 'teardown', 'rpc.', 'rpc.discover']) {
  test(`an export named ${name} is never a method`, (t) => {
    t.deepEqual(namesOf({ [name]: name === 'default' ? 1 : fn, hello: fn }), ['hello']);
  });
}

for (const name of ['rpc', 'rpcs', 'Setup', 'class', '', '__proto__', 'hasOwnProperty', '$/x', '0']) {
  test(`an export named ${JSON.stringify(name)} is a method`, (t) => {
    t.deepEqual(namesOf(Object.fromEntries([[name, fn]])), [name]);
  });
}

for (const [what, value] of [
  ['an async function', async () => 1],
  [
    'a generator',
    function* () {
      yield 1;
    },
  ],
  ['a native function', Math.max],
  ['a proxy of a function', new Proxy(fn, {})],
  ['a function whose toString lies', Object.assign(() => 1, { toString: () => 'class {}' })],
  [
    'a method named class',
    {
      class() {
        return 1;
      },
    }.class,
  ],
  [
    'an old-style constructor',
    function Classic() {
      return undefined;
    },
  ],
] as const) {
  test(`${what} is a method`, (t) => {
    t.deepEqual(namesOf({ hello: value }), ['hello']);
  });
}

for (const [what, value] of [
  ['a class', class {}],
  ['a named class', class Named {}],
  ['a class that extends another', class extends Array {}],
  ['a class whose toString lies', Object.assign(class {}, { toString: () => '() => 1' })],
  ['an object', {}],
  ['text', 'text'],
  ['undefined', undefined],
] as const) {
  test(`${what} is not a method`, (t) => {
    t.deepEqual(namesOf({ hello: fn, other: value }), ['hello']);
  });

  test(`${what} as default is not a raw agent`, (t) => {
    t.throws(() => namesOf({ default: value }), NO_EXPORTS);
  });
}

test('inherited properties are not exports', (t) => {
  t.throws(() => namesOf(Object.create({ default: fn, hello: fn }) as Record<string, unknown>), NO_EXPORTS);
});
