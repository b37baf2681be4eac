/** The export `options` of an RPC agent: deadlines and limits of single methods. */
import { LaunchpoolError } from '../wire/errors.ts';
import { MAX_TIMEOUT_MS } from '../wire/timeout.ts';
import type { MethodOption, MethodOptions } from './task.ts';

const MAX_CONCURRENCY = 1_000_000;

type Rule = { isValid: (value: unknown) => boolean; expected: string };

const RULES: Readonly<Record<keyof MethodOption, Rule>> = {
  timeoutMs: {
    isValid: (value) => typeof value === 'number' && value > 0 && value <= MAX_TIMEOUT_MS,
    expected: `a number of milliseconds, more than 0 and at most ${MAX_TIMEOUT_MS}`,
  },
  concurrency: {
    isValid: (value) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX_CONCURRENCY,
    expected: `a whole number from 1 to ${MAX_CONCURRENCY}`,
  },
};
const KEYS = Object.keys(RULES) as (keyof MethodOption)[];
const EXAMPLE = 'Export for instance { slow: { timeoutMs: 5000, concurrency: 2 } }.';

/**
 * Reads the export. A function of that name is a method: see handlers.ts.
 * @param methods the names of the module's methods.
 * @returns undefined if no method has an option.
 * @throws ERR_LAUNCHPOOL_MODULE_NOT_LOADED, which names the method, the key and what is accepted
 */
export function readMethodOptions(
  moduleUrl: string,
  exported: unknown,
  methods: ReadonlySet<string>,
): MethodOptions | undefined {
  const read: [string, MethodOption][] = [];
  try {
    for (const [method, given] of entriesOf(exported, 'options', EXAMPLE)) {
      if (!methods.has(method))
        throw new Unfit(
          `options.${method}: the module has no such method`,
          `The methods are ${[...methods].join(', ')}.`,
        );
      const option = given === undefined ? {} : readOption(method, given);
      if (Object.keys(option).length > 0) read.push([method, option]);
    }
  } catch (unfit) {
    if (!(unfit instanceof Unfit)) throw unfit;
    throw notLoaded(moduleUrl, `has an options export that is not valid: ${unfit.message}`, unfit.hint);
  }
  return read.length === 0 ? undefined : Object.fromEntries(read);
}

/** The names of the methods with an option; undefined if there is none. */
export function methodsWith(option: keyof MethodOption, options: MethodOptions = {}): ReadonlySet<string> | undefined {
  const names = Object.keys(options).filter((name) => options[name]?.[option] !== undefined);
  return names.length === 0 ? undefined : new Set(names);
}

/**
 * The requests of a raw agent have no methods by which they could be told apart.
 * @throws ERR_LAUNCHPOOL_MODULE_NOT_LOADED
 */
export function refuseMethodOptions(moduleUrl: string, exported: unknown): void {
  if (exported === undefined || typeof exported === 'function') return;
  const hint = 'Give the export another name. --run-timeout and --concurrency limit the requests of a raw agent.';
  throw notLoaded(
    moduleUrl,
    'is a raw agent, and has an options export, which is for the methods of an RPC agent',
    hint,
  );
}

/** Whether a value has the form of the options of these methods. */
export function areMethodOptions(value: unknown, methods: readonly string[]): value is MethodOptions {
  try {
    return readMethodOptions('', value, new Set(methods)) !== undefined;
  } catch {
    return false;
  }
}

/** What is wrong with the export, and what is accepted. */
class Unfit extends Error {
  readonly hint: string;
  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

function readOption(method: string, given: unknown): MethodOption {
  const option: { -readonly [Key in keyof MethodOption]: number } = {};
  const hint = `Give ${method} an object with ${KEYS.join(' or ')}, or both.`;
  for (const [name, value] of entriesOf(given, `options.${method}`, hint)) {
    const key = KEYS.find((each) => each === name);
    if (key === undefined) throw new Unfit(`options.${method}.${name}: unknown`, `The keys are ${KEYS.join(' and ')}.`);
    if (value === undefined) continue;
    const { isValid, expected } = RULES[key];
    if (!isValid(value)) throw new Unfit(`options.${method}.${key}: ${textOf(value)}`, `It takes ${expected}.`);
    option[key] = value as number;
  }
  return option;
}

/** @param path where the value stands. */
function entriesOf(value: unknown, path: string, hint: string): [string, unknown][] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value);
  throw new Unfit(`${path}: ${textOf(value)}, not an object`, hint);
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'number' || value === null || typeof value === 'boolean'
    ? String(value)
    : `a ${typeof value}`;
}

function notLoaded(moduleUrl: string, problem: string, hint: string): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_MODULE_NOT_LOADED', `${moduleUrl} ${problem}`, { hint });
}
