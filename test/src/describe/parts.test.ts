/** The parts of a description that need no compiler. */
import test from 'ava';
import fc from 'fast-check';
import { createDefinitions, definitionsIn, standAlone } from '../../../description/definitions.ts';
import { methodTexts, paramNameAt, paramText, resultText, withComment } from '../../../src/describe/comments.ts';
import type { Comment } from '../../../src/describe/compiler.ts';
import { literalValue } from '../../../src/describe/literal-value.ts';
import { anyOf, enumOf, nullable } from '../../../src/describe/schema-parts.ts';

const comment = (text: string, ...tags: [name: string, text: string][]): Comment => ({
  text,
  tags: tags.map(([name, value]) => ({ name, text: value })),
});

test('the source of any JSON is its value', (t) => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      const text = JSON.stringify(value);
      // In an object literal, this is no property.
      if (text.includes('"__proto__":')) return;
      t.deepEqual(literalValue(text), JSON.parse(text.replaceAll(/(?<![\w.])-0(?![\d.])/g, '0')));
    }),
  );
});

test('no source fails, and what is no literal has no value', (t) => {
  fc.assert(fc.property(fc.string(), (text) => void literalValue(text)));
  const sources = [
    '[] as string[]',
    'Date.now()',
    '1 + 1',
    'f',
    '`a$' + '{b}`',
    '{ [a]: 1 }',
    '[...a]',
    '/x/',
    '1n',
    '[,]',
    '1; 2',
    '',
  ];
  for (const source of [...sources, '{ get a() { return 1; } }', '{ ...a }', '!0', '-"a"', 'undefined'])
    t.is(literalValue(source), undefined, source);
  t.is(literalValue(" 'it\\'s' "), "it's");
  t.is(literalValue('`a`'), 'a');
  t.is(literalValue('-1.5e3'), -1500);
  t.deepEqual(literalValue("{ a: [null, true], 'b c': {} }"), { a: [null, true], 'b c': {} });
});

test('alternatives are joined as far as their keywords allow', (t) => {
  t.is(anyOf([]), false);
  t.is(anyOf([{ type: 'string' }, true]), true);
  t.deepEqual(anyOf([{ type: 'null' }, { type: 'number' }, { type: 'string' }]), {
    type: ['string', 'number', 'null'],
  });
  t.deepEqual(anyOf([enumOf(['a']), { type: 'string' }]), { type: 'string' });
  t.deepEqual(anyOf([false, { type: 'string', minLength: 1 }]), { type: 'string', minLength: 1 });
  t.deepEqual(anyOf([{ $ref: '#/$defs/A' }, { $ref: '#/$defs/A' }]), { $ref: '#/$defs/A' });
  t.deepEqual(anyOf([{ anyOf: [{ $ref: '#/$defs/A' }, { type: 'null' }] }, { type: 'string' }]), {
    anyOf: [{ type: ['string', 'null'] }, { $ref: '#/$defs/A' }],
  });
});

test('null passes once', (t) => {
  t.is(nullable(true), true);
  t.deepEqual(nullable(false), { type: 'null' });
  t.deepEqual(nullable({ type: 'string', pattern: 'a' }), { type: ['string', 'null'], pattern: 'a' });
  t.deepEqual(nullable(enumOf(['b', 'a'])), { type: ['string', 'null'], enum: ['a', 'b', null] });
  t.deepEqual(nullable({ $ref: '#/$defs/A' }), { anyOf: [{ $ref: '#/$defs/A' }, { type: 'null' }] });
  for (const schema of [
    { type: 'string' },
    { $ref: '#/$defs/A' },
    enumOf([1]),
    { type: 'array', items: true },
  ] as const)
    t.deepEqual(nullable(nullable(schema)), nullable(schema));
});

test('an enum is sorted, numbers by their size', (t) => {
  t.deepEqual(enumOf([10, 'b', 9, true, 'a', null]), {
    type: ['string', 'number', 'boolean', 'null'],
    enum: ['a', 'b', 9, 10, true, null],
  });
});

test('tags that are not usable are noted, and are no keywords', (t) => {
  const notes: string[] = [];
  const tags: [string, string][] = [
    ['minimum', 'x'],
    ['maxLength', ''],
    ['pattern', '('],
    ['format', 'a b'],
    ['see', 'y'],
  ];
  t.deepEqual(
    withComment({ type: 'string' }, comment('Text.', ...tags), (text) => notes.push(text)),
    {
      type: 'string',
      description: 'Text.',
    },
  );
  t.deepEqual(notes, [
    'its @minimum is no number',
    'its @maxLength is no number',
    'its @pattern is no regular expression',
  ]);
});

test('tags are read with quotation marks of Markdown, and as JSON', (t) => {
  const tags: [string, string][] = [
    ['pattern', '`^a$`'],
    ['default', "'a'"],
    ['example', '"b"'],
    ['example', 'c'],
    ['deprecated', ''],
  ];
  t.deepEqual(withComment({ type: 'string' }, comment('', ...tags), t.fail), {
    type: 'string',
    pattern: '^a$',
    default: 'a',
    examples: ['b', 'c'],
    deprecated: true,
  });
  t.deepEqual(withComment(true, comment('Any.'), t.fail), { description: 'Any.' });
  t.is(withComment(false, comment('None.'), t.fail), false);
});

test('the summary is the first paragraph, in one line', (t) => {
  t.deepEqual(methodTexts(comment('One\ntwo {@link three}.\n\nFour.', ['remarks', 'Five.'], ['deprecated', ''])), {
    summary: 'One two three.',
    description: 'One\ntwo three.\n\nFour.\n\nFive.',
    deprecated: true,
  });
  t.deepEqual(methodTexts(comment('')), {});
});

test('texts of parameters and results have neither hyphens nor types', (t) => {
  const tags: [string, string][] = [
    ['param', 'a - first'],
    ['param', '[b=1] second'],
    ['param', 'a.c third'],
    ['returns', '{string} - sum'],
  ];
  const of = comment('', ...tags);
  t.is(paramText(of, 'a'), 'first');
  t.is(paramText(of, 'b'), 'second');
  t.is(paramText(of, 'c'), '');
  t.is(resultText(of), 'sum');
  t.deepEqual(
    [0, 1, 2].map((index) => paramNameAt(of, index)),
    ['a', 'b', undefined],
  );
});

test('names of definitions are free, and what was saved comes back', (t) => {
  const definitions = createDefinitions();
  t.is(definitions.nameFor('Page<User | null>'), 'Page_User_null');
  const restore = definitions.save();
  t.is(definitions.nameFor('Page<User, null>'), 'Page_User_null_2');
  t.is(definitions.nameFor('«»'), 'Type');
  definitions.set('Type', true);
  restore();
  t.deepEqual(definitions.all(), {});
  t.is(definitions.nameFor('Page_User_null'), 'Page_User_null_2');
});

test('a schema that stands alone has the definitions that it needs, those of a cycle once', (t) => {
  const $defs = {
    A: { type: 'object', properties: { $ref: { $ref: '#/$defs/B' }, enum: { $ref: '#/$defs/D' } } },
    B: { anyOf: [{ $ref: '#/$defs/A' }, { type: 'array', prefixItems: [{ 'x-values': { $ref: '#/$defs/C' } }] }] },
    C: true,
    D: { enum: [{ $ref: '#/$defs/E' }] },
    E: true,
    F: { $ref: '#/$defs/A' },
  };
  t.deepEqual(definitionsIn($defs, [{ $ref: '#/$defs/A' }]), ['A', 'B', 'C', 'D']);
  t.deepEqual(Object.keys((standAlone({ $defs }, { $ref: '#/$defs/F' }) as { $defs: object }).$defs), [...'ABCDF']);
  t.deepEqual(standAlone({ $defs }, { type: 'string' }), { type: 'string' });
  t.is(standAlone({ $defs }, true), true);
});
