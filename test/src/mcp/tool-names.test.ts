import test from 'ava';
import fc from 'fast-check';
import { toolName, toolNames } from '../../../src/mcp/tool-names.ts';

test('a tool is the method; with several agents, the label stands in front', (t) => {
  t.is(toolName('rot13'), 'rot13');
  t.is(toolName('a.b$c é'), 'a_b_c__');
  t.is(toolName('rot13', 'com.example.rot13'), 'com_example_rot13__rot13');
});

test('a name that is too long keeps the end of the label, and the method', (t) => {
  const name = toolName('rot13', `com.${'x'.repeat(80)}.tools`);
  t.is(name.length, 64);
  t.true(name.endsWith('_tools__rot13'));
});

test('every name is one that clients allow', (t) => {
  const label = fc.option(fc.stringMatching(/^[a-z0-9_][A-Za-z0-9_.-]{0,90}$/), { nil: undefined });
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 90 }), label, (method, own) => {
      t.regex(toolName(method, own), /^[a-zA-Z0-9_-]{1,64}$/);
    }),
  );
});

test('two methods with one name are refused by their names', (t) => {
  const methods = (...names: string[]): { label: string; method: string }[] =>
    names.map((name) => ({ label: 'com.example.a', method: name }));
  t.deepEqual([...toolNames(methods('a', 'b'), true).keys()], ['a', 'b']);
  const error = t.throws(() => toolNames(methods('a$b', 'a_b'), true), { code: 'ERR_LAUNCHPOOL_TOOL_NAMES' });
  t.is(error?.message, 'a$b of com.example.a and a_b of com.example.a would both be the tool a_b');
  const twoLabels = [
    { label: 'a.b', method: 'x' },
    { label: 'a_b', method: 'x' },
  ];
  t.throws(() => toolNames(twoLabels, false), { code: 'ERR_LAUNCHPOOL_TOOL_NAMES', message: /x of a\.b and x of a_b/ });
});
