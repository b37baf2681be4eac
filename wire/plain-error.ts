/** The plain form in which errors cross threads and sockets: values of JSON, within bounds. */
import { type Budget, bigIntText, type JsonObject, takeText, toJsonMembers, toJsonValue } from './json-value.ts';

// The module on the same thread may change the global objects.
const { isArray } = Array;
const { keys } = Object;
const toText = String;

/** The bounds of a plain error, with all its causes and errors. */
export const ERROR_LIMITS = {
  /** Of causes and errors below each other, with the thrown one. */
  levels: 8,
  /** With the thrown one. */
  errors: 32,
  /** Of all texts, keys, numbers and the like together; in code units of a string. */
  characters: 65_536,
  /** Of a message, a stack, a name, a hint or a code, and of the fields of one error together. */
  textCharacters: 16_384,
} as const;

/** An error as plain fields: the part that survives JSON and structured clones. */
export type PlainError = {
  name: string;
  message: string;
  code?: string | number;
  hint?: string;
  data?: unknown;
  stack?: string;
  /** The error's own enumerable fields that have no place of their own here, such as `path` and `syscall`. */
  fields?: JsonObject;
  /** A PlainError if the cause is an error; otherwise a value of JSON. */
  cause?: unknown;
  /** The same for each of the errors of an AggregateError. */
  errors?: unknown[];
};

/**
 * The fields of an error that are never in `fields`. `retryable` follows from the code, `remote` from the way it came. The
 * others with a place of their own (`message`, `name`, `code`, `hint`, `errors`) are there if their values have the wrong type for it.
 */
const OWN_PLACES: ReadonlySet<string> = new Set(['stack', 'data', 'cause', 'retryable', 'remote']);

type Progress = Budget & { errors: number; readonly stack: boolean; readonly holders: object[] };

const unreadable = (): PlainError => ({ name: 'Error', message: 'the thrown value cannot be read' });

/**
 * Reduces any thrown value to plain fields, its causes and errors included, within {@link ERROR_LIMITS}.
 *
 * Getters and proxies may throw while they are read: such fields are left out. What JSON cannot hold becomes text in
 * brackets. Never throws.
 * @param stack whether to include the stacks, which show paths: in development only.
 */
export function toPlain(thrown: unknown, { stack = false }: { stack?: boolean } = {}): PlainError {
  const { errors, characters } = ERROR_LIMITS;
  try {
    return plainOf(thrown, { errors, characters, stack, holders: [] });
  } catch {
    return unreadable();
  }
}

function plainOf(thrown: unknown, progress: Progress): PlainError {
  const take = (text: string): string => takeText(text, progress, ERROR_LIMITS.textCharacters);
  if (typeof thrown !== 'object' || thrown === null) {
    const text = typeof thrown === 'bigint' ? bigIntText(thrown) : toText(thrown);
    return { name: 'Error', message: take(`thrown: ${text}`) };
  }
  progress.errors -= 1;
  let isReadable = true;
  const read = (field: string): unknown => {
    try {
      return (thrown as Record<string, unknown>)[field];
    } catch {
      isReadable = field !== 'message';
      return undefined;
    }
  };
  const message = read('message');
  if (!isReadable) return unreadable();
  const name = read('name');
  const plain: PlainError = {
    name: typeof name === 'string' ? take(name) : 'Error',
    message: typeof message === 'string' ? take(message) : 'the thrown object has no message',
  };
  const [code, hint] = [read('code'), read('hint')];
  if (typeof code === 'number') plain.code = code;
  else if (typeof code === 'string') plain.code = take(code);
  if (typeof hint === 'string') plain.hint = take(hint);
  const trace = progress.stack ? read('stack') : undefined;
  if (typeof trace === 'string') plain.stack = take(trace);
  const data = dataOf(read('data'), progress);
  if (data !== undefined) plain.data = data;
  const errors = listIn(read('errors'));
  const places = new Set(OWN_PLACES);
  if (typeof name === 'string') places.add('name');
  if (typeof message === 'string') places.add('message');
  if (errors !== undefined) places.add('errors');
  for (const key of ['code', 'hint'] as const) if (plain[key] !== undefined) places.add(key);
  const fields = fieldsOf(thrown, places, progress);
  if (keys(fields).length > 0) plain.fields = fields;
  progress.holders[progress.holders.length] = thrown;
  const cause = read('cause');
  if (cause !== undefined) plain.cause = relatedOf(cause, progress);
  if (errors !== undefined) plain.errors = relatedErrors(errors, progress);
  progress.holders.length -= 1;
  return plain;
}

/** The fields leave room for the causes. */
function fieldsOf(thrown: object, places: ReadonlySet<string>, progress: Progress): JsonObject {
  const { characters } = progress;
  const own = characters < ERROR_LIMITS.textCharacters ? characters : ERROR_LIMITS.textCharacters;
  return within(own, progress, (budget) => toJsonMembers(thrown, budget, (key) => places.has(key)));
}

/** Data and other values leave room for what comes after them. */
function dataOf(value: unknown, progress: Progress): unknown {
  return within((progress.characters * 3) >> 2, progress, (budget) => toJsonValue(value, budget));
}

/** Uses up at most so many characters. */
function within<Result>(characters: number, progress: Progress, take: (budget: Budget) => Result): Result {
  const budget = { characters };
  progress.characters -= characters;
  const result = take(budget);
  progress.characters += budget.characters;
  return result;
}

function relatedErrors(errors: readonly unknown[], progress: Progress): unknown[] {
  const related: unknown[] = [];
  const length = lengthOf(errors);
  for (let index = 0; index < length; index += 1) {
    if (progress.errors <= 0 || progress.characters <= 0) {
      related[index] = `[${length - index} more]`;
      break;
    }
    related[index] = relatedOf(itemOf(errors, index), progress);
  }
  return related;
}

/** A cause, or one of several errors. */
function relatedOf(value: unknown, progress: Progress): unknown {
  if (!isErrorLike(value)) return dataOf(value, progress) ?? null;
  const { holders } = progress;
  for (let index = 0; index < holders.length; index += 1) if (holders[index] === value) return '[Circular]';
  if (holders.length >= ERROR_LIMITS.levels) return `[more than ${ERROR_LIMITS.levels} levels]`;
  if (progress.errors <= 0 || progress.characters <= 0) return '[1 more]';
  return plainOf(value, progress);
}

function isErrorLike(value: unknown): value is object {
  try {
    if (typeof value !== 'object' || value === null) return false;
    return value instanceof Error || typeof (value as { message?: unknown }).message === 'string';
  } catch {
    return false;
  }
}

function listIn(value: unknown): readonly unknown[] | undefined {
  try {
    return isArray(value) ? value : undefined;
  } catch {
    // A revoked proxy.
    return undefined;
  }
}

/** 0 if it cannot be read. */
function lengthOf(list: readonly unknown[]): number {
  try {
    return list.length;
  } catch {
    return 0;
  }
}

function itemOf(list: readonly unknown[], index: number): unknown {
  try {
    return list[index];
  } catch {
    return undefined;
  }
}

/** The plain error in a value of JSON, without fields of another type; undefined if the value is none. */
export function readPlain(value: unknown): PlainError | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { name, message, code, hint, data, stack, fields, cause, errors } = value as Record<string, unknown>;
  if (typeof name !== 'string' || typeof message !== 'string') return undefined;
  const plain: PlainError = { name, message };
  if (typeof code === 'string' || typeof code === 'number') plain.code = code;
  if (typeof hint === 'string') plain.hint = hint;
  if (data !== undefined) plain.data = data;
  if (typeof stack === 'string') plain.stack = stack;
  if (typeof fields === 'object' && fields !== null && !isArray(fields)) plain.fields = fields as JsonObject;
  if (cause !== undefined) plain.cause = cause;
  if (isArray(errors)) plain.errors = errors;
  return plain;
}
