/** What bytes are, by their first ones: pictures and sounds are content of their own in MCP. */

export type MediaType = { kind: 'image' | 'audio' | 'other'; mimeType: string };

const UNKNOWN: MediaType = { kind: 'other', mimeType: 'application/octet-stream' };

type Sign = { at: number; bytes: string };
const sign = (bytes: string, at = 0): Sign => ({ at, bytes });

/** In order; all signs of a row must be there. */
const ROWS: readonly (readonly [MediaType, ...Sign[]])[] = [
  [{ kind: 'image', mimeType: 'image/png' }, sign('\x89PNG\r\n\x1a\n')],
  [{ kind: 'image', mimeType: 'image/jpeg' }, sign('\xff\xd8\xff')],
  [{ kind: 'image', mimeType: 'image/gif' }, sign('GIF8')],
  [{ kind: 'image', mimeType: 'image/webp' }, sign('RIFF'), sign('WEBP', 8)],
  [{ kind: 'audio', mimeType: 'audio/wav' }, sign('RIFF'), sign('WAVE', 8)],
  [{ kind: 'audio', mimeType: 'audio/mpeg' }, sign('ID3')],
  [{ kind: 'audio', mimeType: 'audio/mpeg' }, sign('\xff\xfb')],
  [{ kind: 'audio', mimeType: 'audio/ogg' }, sign('OggS')],
  [{ kind: 'audio', mimeType: 'audio/flac' }, sign('fLaC')],
  [{ kind: 'other', mimeType: 'application/pdf' }, sign('%PDF-')],
  [{ kind: 'other', mimeType: 'application/zip' }, sign('PK\x03\x04')],
  [{ kind: 'other', mimeType: 'application/gzip' }, sign('\x1f\x8b')],
];

export function mediaTypeOf(bytes: Uint8Array): MediaType {
  const has = (each: Sign): boolean =>
    Array.from(each.bytes).every((character, index) => bytes[each.at + index] === character.charCodeAt(0));
  return ROWS.find(([, ...signs]) => signs.every(has))?.[0] ?? UNKNOWN;
}
