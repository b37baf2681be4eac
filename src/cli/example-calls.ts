/** Example calls of a method: for the shell, for TypeScript and for Python. */
import type { Schema } from '../../description/description.ts';
import { exampleValue } from '../../description/example-value.ts';
import type { OpenRpcDocument, OpenRpcMethod, OpenRpcParam } from '../../description/open-rpc.ts';
import { isReservedName } from '../../wire/reserved-names.ts';
import { shellWord } from '../../wire/shell-word.ts';

export type ExampleCalls = {
  shell: string;
  typescript: string;
  python: string;
};

const NO_FORM = 'takes values that JSON does not have';
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
const TAKES_STREAM = 'takes a stream';

/** @param target the label of the agent, or the path of its socket. */
export function exampleCalls(
  target: string,
  method: OpenRpcMethod,
  components: OpenRpcDocument['components'],
): ExampleCalls {
  const params = shownParams(method.params).map((param) => exampleOf(param, components?.schemas ?? {}));
  return {
    shell: shellCall(target, method, params),
    typescript: typescriptCall(target, method, params),
    python: pythonCall(target, method, params),
  };
}

type Example = { value: unknown; isStream: boolean };

/** Up to the last that may not be left out; the first one, if all may. */
function shownParams(params: readonly OpenRpcParam[]): readonly OpenRpcParam[] {
  const last = params.findLastIndex(({ required }) => required);
  return params.slice(0, Math.max(last + 1, 1));
}

function exampleOf(param: OpenRpcParam, schemas: Readonly<Record<string, Schema>>): Example {
  const isStream = param['x-stream'] !== undefined;
  return { value: exampleValue(param['x-stream']?.items ?? param.schema ?? true, schemas), isStream };
}

function shellCall(target: string, method: OpenRpcMethod, params: readonly Example[]): string {
  const isBytes = ({ value }: Example): boolean => value instanceof Uint8Array;
  const reason = reasonAgainst(params.filter((param) => !isBytes(param)));
  const first = params.findIndex(isBytes);
  // Bytes of files stand behind all other arguments.
  const areLast = first < 0 || params.slice(first).every(isBytes);
  if (reason !== undefined || !areLast) return `# ${method.name} ${reason ?? NO_FORM}`;
  const words = params.filter((param) => !isBytes(param)).map(({ value }) => shellWord(JSON.stringify(value)));
  const files = params.filter(isBytes).map(() => '--bytes-arg FILE');
  const options = [...files, ...(method['x-stream'] === undefined ? [] : ['--stream'])];
  const called = [shellWord(target), shellWord(method.name)];
  // A word that begins with a dash would be taken for an option.
  const all = words.some((word) => word.startsWith('-'))
    ? [...options, ...called, '--', ...words]
    : [...called, ...words, ...options];
  return ['launchpool call', ...all].join(' ');
}

function typescriptCall(target: string, method: OpenRpcMethod, params: readonly Example[]): string {
  const args = params.map(({ value, isStream }) =>
    isStream ? `(async function* () { yield ${source(value)}; })()` : source(value),
  );
  const isProperty = IDENTIFIER.test(method.name) && !isReservedName(method.name);
  const called = isProperty
    ? `agent.${method.name}(${args.join(', ')})`
    : `call(agent, ${[source(method.name), ...args].join(', ')})`;
  return [
    `import { ${isProperty ? '' : 'call, '}close, connect } from 'launchpool/client';`,
    '',
    `const agent = await connect(${source(target)});`,
    // call() has all values of a stream as an array.
    isProperty && method['x-stream'] !== undefined
      ? `for await (const value of ${called}) console.log(value);`
      : `console.log(await ${called});`,
    'await close(agent);',
  ].join('\n');
}

function pythonCall(target: string, method: OpenRpcMethod, params: readonly Example[]): string {
  const reason = reasonAgainst(params);
  if (reason !== undefined) return `# ${method.name} ${reason}`;
  const args = [method.name, ...params.map(({ value }) => value)].map(pythonSource).join(', ');
  const call =
    method['x-stream'] === undefined
      ? [`    print(agent.call(${args}))`]
      : [`    for value in agent.stream(${args}):`, '        print(value)'];
  return ['from launchpool_client import Agent', '', `with Agent(${pythonSource(target)}) as agent:`, ...call].join(
    '\n',
  );
}

function reasonAgainst(params: readonly Example[]): string | undefined {
  if (params.some(({ isStream }) => isStream)) return TAKES_STREAM;
  return params.every(({ value }) => isJson(value)) ? undefined : NO_FORM;
}

function isJson(value: unknown): boolean {
  if (typeof value === 'bigint') return false;
  if (typeof value !== 'object' || value === null) return true;
  if (value instanceof Uint8Array || value instanceof Map || value instanceof Set) return false;
  return Object.values(value).every(isJson);
}

/** As TypeScript writes it. */
function source(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'string')
    return `'${JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
  if (value instanceof Uint8Array) return `Uint8Array.of(${[...value].join(', ')})`;
  if (value instanceof Map)
    return `new Map([${[...value].map((pair) => `[${pair.map(source).join(', ')}]`).join(', ')}])`;
  if (value instanceof Set) return `new Set([${[...value].map(source).join(', ')}])`;
  if (Array.isArray(value)) return `[${value.map(source).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const entries = Object.entries(value).map(
    ([name, each]) => `${IDENTIFIER.test(name) ? name : source(name)}: ${source(each)}`,
  );
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}

/** JSON with the names that Python has for its constants. */
function pythonSource(value: unknown): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (Array.isArray(value)) return `[${value.map(pythonSource).join(', ')}]`;
  if (typeof value !== 'object') return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([name, each]) => `${JSON.stringify(name)}: ${pythonSource(each)}`)
    .join(', ')}}`;
}
