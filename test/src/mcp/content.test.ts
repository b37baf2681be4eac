import test from 'ava';
import fc from 'fast-check';
import { contentOf, structuredOf } from '../../../src/mcp/content.ts';
import { mediaTypeOf } from '../../../src/mcp/media.ts';

const PNG = Buffer.from('\x89PNG\r\n\x1a\n....', 'latin1');

test('text is itself, and everything else is JSON', (t) => {
  t.deepEqual(contentOf('a "b"', 'x:y'), [{ type: 'text', text: 'a "b"' }]);
  t.deepEqual(contentOf({ a: [1] }, 'x:y'), [{ type: 'text', text: '{"a":[1]}' }]);
  for (const value of [null, undefined]) t.deepEqual(contentOf(value, 'x:y'), [{ type: 'text', text: 'null' }]);
});

test('pictures and sounds are blocks of their own, other bytes a resource', (t) => {
  t.deepEqual(contentOf(PNG, 'x:y'), [{ type: 'image', data: PNG.toString('base64'), mimeType: 'image/png' }]);
  t.deepEqual(contentOf(Uint8Array.of(1, 2, 3), 'x:y'), [
    { type: 'resource', resource: { uri: 'x:y/1', mimeType: 'application/octet-stream', blob: 'AQID' } },
  ]);
  t.deepEqual(
    contentOf([PNG, PNG], 'x:y').map(({ type }) => type),
    ['image', 'image'],
  );
  t.deepEqual(contentOf({ title: 'dot', picture: PNG }, 'x:y')[0], {
    type: 'text',
    text: '{"title":"dot","picture":"[image/png, 12 bytes]"}',
  });
  t.is(contentOf([], 'x:y')[0]?.type, 'text');
});

test('the first bytes say what bytes are', (t) => {
  const typeOf = (text: string): string => mediaTypeOf(Buffer.from(text, 'latin1')).mimeType;
  t.deepEqual(
    [
      '\xff\xd8\xff\xe0',
      'GIF89a',
      'RIFF....WEBP',
      'RIFF....WAVE',
      'ID3',
      'OggS',
      'fLaC',
      '%PDF-1.7',
      'RIFF',
      '',
      'text',
    ].map(typeOf),
    [
      ...[
        'image/jpeg',
        'image/gif',
        'image/webp',
        'audio/wav',
        'audio/mpeg',
        'audio/ogg',
        'audio/flac',
        'application/pdf',
      ],
      ...['application/octet-stream', 'application/octet-stream', 'application/octet-stream'],
    ],
  );
});

test('values that only MessagePack carries have a form in JSON', (t) => {
  const value = { date: new Date(0), big: 2n ** 64n, map: new Map([[1, new Set(['a'])]]), not: Number.NaN };
  t.deepEqual(JSON.parse(JSON.stringify(structuredOf(value))), {
    date: '1970-01-01T00:00:00.000Z',
    big: '18446744073709551616',
    map: [[1, ['a']]],
    not: null,
  });
});

test('a value of JSON is the same as structured content, and in the text', (t) => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      t.deepEqual(JSON.stringify(structuredOf(value)), JSON.stringify(value));
      const [content] = contentOf(value, 'x:y');
      if (typeof value !== 'string') t.deepEqual(content, { type: 'text', text: JSON.stringify(value) });
    }),
  );
});
