/** A server in a configuration file of JSON. Comments, the order of keys and the indentation stay. */
import jsonc, { type FormattingOptions, type ParseError } from 'jsonc-parser';
import type { ClientFile } from './client-files.ts';
import type { ServerEntry } from './server-entry.ts';

const DEFAULT_INDENT = 2;

export function jsonEntry({ command, args, env }: ServerEntry, { hasType }: Pick<ClientFile, 'hasType'>): object {
  return { ...(hasType && { type: 'stdio' }), command, args, ...(env && { env }) };
}

/** The whole file with this server alone. */
export function jsonText(entry: ServerEntry, file: Pick<ClientFile, 'section' | 'hasType'>): string {
  return `${JSON.stringify({ [file.section]: { [entry.name]: jsonEntry(entry, file) } }, null, DEFAULT_INDENT)}\n`;
}

/** @returns the value of the server of this name, as it stands in the file. @throws Error for what is not JSON with comments */
export function serverInJson(text: string, { section }: Pick<ClientFile, 'section'>, name: string): unknown {
  return (parse(text)[section] as Readonly<Record<string, unknown>> | undefined)?.[name];
}

/** The file with the server; further keys of its entry stay. @throws Error as above */
export function mergedJson(text: string, entry: ServerEntry, file: Pick<ClientFile, 'section' | 'hasType'>): string {
  if (text.trim() === '') return jsonText(entry, file);
  const before = serverInJson(text, file, entry.name);
  const formattingOptions = formattingOf(text);
  const path = [file.section, entry.name];
  // As the first one: behind others it would come between them and their comments.
  const set = (source: string, at: string[], value: unknown): string =>
    jsonc.applyEdits(source, jsonc.modify(source, at, value, { formattingOptions, getInsertionIndex: () => 0 }));
  if (typeof before !== 'object' || before === null) return set(text, path, jsonEntry(entry, file));
  const same = (key: string, value: unknown): boolean =>
    JSON.stringify((before as Readonly<Record<string, unknown>>)[key]) === JSON.stringify(value);
  return Object.entries(jsonEntry(entry, file))
    .filter(([key, value]) => !same(key, value))
    .reduce((source, [key, value]) => set(source, [...path, key], value), text);
}

function parse(text: string): Readonly<Record<string, unknown>> {
  if (text.trim() === '') return {};
  const errors: ParseError[] = [];
  const value: unknown = jsonc.parse(text, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first !== undefined)
    throw new Error(`${jsonc.printParseErrorCode(first.error)} in line ${lineAt(text, first.offset)}`);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('it is no JSON object');
  return value as Readonly<Record<string, unknown>>;
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

function formattingOf(text: string): FormattingOptions {
  const indent = /^([ \t]+)\S/m.exec(text)?.[1] ?? ' '.repeat(DEFAULT_INDENT);
  return { insertSpaces: !indent.includes('\t'), tabSize: indent.length, eol: text.includes('\r\n') ? '\r\n' : '\n' };
}
