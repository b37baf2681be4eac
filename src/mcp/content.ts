/** The result of a method as the content of a tool's result. */
import { mediaTypeOf } from './media.ts';

export type Content =
  | { type: 'text'; text: string }
  | { type: 'image' | 'audio'; data: string; mimeType: string }
  | { type: 'resource'; resource: { uri: string; mimeType: string; blob: string } };

/**
 * Text is itself, everything else is JSON; bytes are blocks of their own, behind the JSON in which they stood.
 * @param uri of the tool; bytes that are no picture and no sound are a resource below it.
 */
export function contentOf(value: unknown, uri: string): Content[] {
  if (typeof value === 'string') return [textContent(value)];
  const all: Uint8Array[] = [];
  const text = JSON.stringify(toJson(value, all));
  const blocks = all.map((bytes, index) => blockOf(bytes, `${uri}/${index + 1}`));
  const isBytesAlone =
    value instanceof Uint8Array ||
    (Array.isArray(value) && value.length > 0 && value.every((each) => each instanceof Uint8Array));
  return isBytesAlone ? blocks : [textContent(text), ...blocks];
}

export function textContent(text: string): Content {
  return { type: 'text', text };
}

/** A value as JSON has it. */
export function structuredOf(value: unknown): unknown {
  return toJson(value, []);
}

/** The text of a value for people and models. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(toJson(value, []));
}

function blockOf(bytes: Uint8Array, uri: string): Content {
  const { kind, mimeType } = mediaTypeOf(bytes);
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
  return kind === 'other'
    ? { type: 'resource', resource: { uri, mimeType, blob: data } }
    : { type: kind, data, mimeType };
}

/** @param all takes the bytes; a text stands in their place. */
function toJson(value: unknown, all: Uint8Array[]): unknown {
  if (typeof value === 'bigint') return String(value);
  if (value === undefined) return null;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) {
    all.push(value);
    return `[${mediaTypeOf(value).mimeType}, ${value.length} bytes]`;
  }
  if (value instanceof Date) return value.toJSON();
  const inner = (each: unknown): unknown => toJson(each, all);
  if (value instanceof Map) return [...value].map(([key, item]) => [inner(key), inner(item)]);
  if (value instanceof Set) return [...value].map(inner);
  if (Array.isArray(value)) return value.map(inner);
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, inner(each)]));
}
