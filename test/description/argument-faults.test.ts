/** The texts of faults. That the search finds the same ones as the checks: test/src/checks/checks-code.test.ts. */
import test from 'ava';
import { argumentFault } from '../../description/argument-faults.ts';
import type { Schema, SchemaObject } from '../../description/description.ts';

const object = (properties: Record<string, Schema>, required = Object.keys(properties)): SchemaObject => ({
  type: 'object',
  properties,
  required,
});
const kind = (...values: string[]): SchemaObject => ({ type: 'string', enum: values });
const NUMBER = { type: 'number' };
const TEXT = { type: 'string' };

const KINDS = {
  anyOf: [TEXT, { type: 'array', items: NUMBER }, object({ kind: kind('a'), v: NUMBER }), { $ref: '#/$defs/B' }],
};
const OTHERS = { anyOf: [object({ a: NUMBER }), object({ b: TEXT })] };
const SAME = { anyOf: [object({ v: NUMBER }), object({ v: TEXT })] };
const TWO_KINDS = {
  anyOf: [
    object({ kind: kind('a'), mode: kind('x') }),
    object({ kind: kind('a'), mode: kind('y') }),
    object({ c: TEXT }),
  ],
};
const $defs = { B: object({ kind: kind('b', 'c') }), Kinds: KINDS };

const CASES: [title: string, schema: Schema, value: unknown, pointer: string, text: string][] = [
  ['a kind that none has', KINDS, { kind: 'd' }, '/0/kind', '"a", "b" or "c", found "d"'],
  ['a kind of another type', KINDS, { kind: 1 }, '/0/kind', '"a", "b" or "c", found 1'],
  ['no kind', KINDS, {}, '/0/kind', '"a", "b" or "c", found nothing'],
  ['a part of the kind that it has', KINDS, { kind: 'a', v: 'x' }, '/0/v', 'a number, found "x"'],
  ['a missing part of the kind that it has', KINDS, { kind: 'a' }, '/0/v', 'a number, found nothing'],
  ['a union behind a name', { $ref: '#/$defs/Kinds' }, { kind: 'd' }, '/0/kind', '"a", "b" or "c", found "d"'],
  [
    'a union within an object',
    object({ in: KINDS }),
    { in: { kind: 'd' } },
    '/0/in/kind',
    '"a", "b" or "c", found "d"',
  ],
  ['an item', KINDS, [1, 'x'], '/0/1', 'a number, found "x"'],
  ['another type', KINDS, 5, '/0', 'text, an array, an object with kind and v or an object with kind, found 5'],
  ['objects that names tell apart', OTHERS, {}, '/0', 'an object with a or an object with b, found an empty object'],
  ['an object of none of them', OTHERS, { c: 1 }, '/0', 'an object with a or an object with b, found an object with c'],
  ['an object of one of them', OTHERS, { a: 'x' }, '/0/a', 'a number, found "x"'],
  ['a part that has several types', SAME, { v: true }, '/0/v', 'a number or text, found true'],
  ['a missing part of several types', SAME, {}, '/0/v', 'a number or text, found nothing'],
  [
    'a second kind',
    TWO_KINDS,
    { kind: 'a', mode: 'z' },
    '/0',
    `${['kind and mode', 'c'].map((names) => `an object with ${names}`).join(' or ')}, found an object with kind, mode`,
  ],
  ['no union', object({ v: NUMBER }), 'x', '/0', 'an object, found "x"'],
  [
    'many names',
    NUMBER,
    { a: 1, b: 1, c: 1, d: 1, e: 1, f: 1 },
    '/0',
    'a number, found an object with a, b, c, d, e, …',
  ],
];

for (const [title, schema, value, pointer, text] of CASES) {
  test(`the fault of ${title}`, (t) => {
    const method = {
      name: 'm',
      signature: [],
      params: [{ name: 'x', schema, required: true }],
      result: { schema: true },
    };
    const fault = argumentFault({ format: 1, methods: [method], $defs, notes: [] }, 'm', [value]);
    t.deepEqual([fault?.pointer, `${fault?.expected}, found ${fault?.found}`], [pointer, text]);
  });
}
