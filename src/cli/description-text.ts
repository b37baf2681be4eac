/** What an agent says of its methods, for people. */
import { stripVTControlCharacters } from 'node:util';
import { Help } from 'commander';
import type { OpenRpcDocument, OpenRpcMethod, OpenRpcParam } from '../../description/open-rpc.ts';

/** Of lines that no terminal shows. */
const DEFAULT_WIDTH = 80;
/** Below it, a terminal breaks lines within words. */
const MIN_TEXT_WIDTH = 20;

export function terminalWidth({ isTTY, columns }: Partial<NodeJS.WriteStream> = process.stdout): number {
  return (isTTY && columns) || DEFAULT_WIDTH;
}

/** All methods. @param title the agent, such as its label. */
export function documentText({ info, methods, 'x-reason': reason }: OpenRpcDocument, width: number): string {
  const count = methods.length === 1 ? '1 method' : `${methods.length} methods`;
  const head = [`${info.title} ${info.version}, ${count}`];
  if (reason !== undefined) head.push(`Without types: ${reason}`);
  const texts = methods.map((method) => methodText(method, width));
  return [head.map((line) => wrapped(line, width)).join(''), ...texts].join('\n');
}

/** One method. @param whole with the whole comment and its examples. */
export function methodText(method: OpenRpcMethod, width: number, whole = false): string {
  const { summary, description, deprecated, params, result, 'x-deprecated': instead } = method;
  const text = whole ? (description ?? summary) : summary;
  const lines = [
    ...(text === undefined ? [] : [text]),
    ...(deprecated ? [`Deprecated${instead === undefined ? '.' : `: ${instead}`}`] : []),
    ...params.flatMap((param) => paramText(param)),
    ...(result?.description === undefined ? [] : [`Returns ${result.description}`]),
    ...(method['x-throws'] ?? []).map((each) => `Throws ${each}`),
    ...(method['x-notes'] ?? []).map((each) => `Not described: ${each}`),
  ];
  const examples = whole ? (method['x-examples'] ?? []).map((each) => `\nExample:\n${indented(each, 2)}`) : [];
  return [
    ...signaturesOf(method).map((each) => wrapped(each, width, 0, 4)),
    ...lines.map((line) => wrapped(line, width, 2, 4)),
    ...examples,
  ].join('');
}

/** One line for each method: its signature and its summary. */
export function methodList(methods: readonly OpenRpcMethod[], width: number): string {
  return methods
    .map((method) => {
      const signatures = signaturesOf(method).map((each) => wrapped(each, width, 0, 4));
      return [...signatures, ...(method.summary === undefined ? [] : [wrapped(method.summary, width, 4)])].join('');
    })
    .join('');
}

/** An agent of another program may have none. */
export function signaturesOf({ name, params, 'x-signature': signature }: OpenRpcMethod): readonly string[] {
  if (Array.isArray(signature) && signature.length > 0) return signature.map((each) => oneLine(String(each)));
  const names = params.map((param) => `${param['x-rest'] ? '...' : ''}${param.name}${param.required ? '' : '?'}`);
  return [oneLine(`${name}(${names.join(', ')})`)];
}

function paramText({ name, description }: OpenRpcParam): string[] {
  return description === undefined ? [] : [`${name}: ${description}`];
}

/**
 * Wraps each line of a text, and ends it.
 * @param indent of the first line. @param hanging of the lines that continue one. @default as the first
 */
function wrapped(text: string, width: number, indent = 0, hanging = indent): string {
  const help = new Help();
  help.minWidthToWrap = MIN_TEXT_WIDTH;
  return printable(text)
    .split('\n')
    .map((line) => {
      const [first = '', ...rest] = help.boxWrap(line, width - hanging).split('\n');
      return [
        `${' '.repeat(first === '' ? 0 : indent)}${first}\n`,
        ...rest.map((each) => indented(each, hanging)),
      ].join('');
    })
    .join('');
}

function indented(text: string, by: number): string {
  return printable(text)
    .split('\n')
    .map((line) => (line === '' ? '\n' : `${' '.repeat(by)}${line}\n`))
    .join('');
}

function oneLine(text: string): string {
  return printable(text).replaceAll(/\s+/g, ' ');
}

/** Without what a terminal would act on. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is removed
  return stripVTControlCharacters(String(text)).replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '');
}
