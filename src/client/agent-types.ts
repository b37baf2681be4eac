/** The types of an agent as its clients see it, derived from the module. Types only. */
import type { ReservedName } from '../../wire/reserved-names.ts';

type NotMethods = 'default' | 'setup' | 'teardown' | 'longMessages' | `rpc.${string}` | ReservedName;

/**
 * The methods of an agent as a client sees them: the module's exported functions, each returning a promise, or a stream if it
 * is a generator or returns an async iterable. Parameters and results are what JSON carries: see {@link OnTheWire}. Functions
 * with a reserved name, such as `toString` or `_internal`, are not among them: see `call`.
 */
export type Agent<Module> = {
  [Name in keyof Module as Name extends NotMethods
    ? never
    : Module[Name] extends (...params: never[]) => unknown
      ? Name
      : never]: Module[Name] extends (...params: infer Params) => infer Result
    ? (...params: SendableParams<Params>) => Called<Awaited<Result>>
    : never;
} & AsyncDisposable;

/** The methods of a module whose type is not known. */
export type AnyMethods = Record<string, (...params: unknown[]) => AnyResult>;

declare const anyResult: unique symbol;
/** The caller decides whether such a result is a value or a stream. */
type AnyResult = { [anyResult]: true };

/**
 * The stream of a call: `for await` reads its values as they come. Leaving the loop cancels the call; so does `await using`
 * at the end of its block. The agent waits for a slow reader.
 */
export type AgentStream<Item, Result = unknown> = AsyncDisposable & {
  /** The iterator ends with what the method returned. All iterators of a stream share its values. */
  [Symbol.asyncIterator](): AsyncGenerator<Item, Result, undefined>;
  /** A stream is read with `for await`: to await it is an error of compilation. */
  then(useForAwait: never): never;
};

// biome-ignore lint/suspicious/noExplicitAny: what `any` is tested with.
type Any = any;
type IsAny<Type> = 0 extends 1 & Type ? true : false;
type AnyFunction = (...params: never[]) => unknown;

/** What JSON does not carry: an agent refuses to send it, and so does a client. */
type NotInJson =
  | bigint
  | symbol
  | AnyFunction
  | ArrayBufferView
  | ArrayBufferLike
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | RegExp;

/**
 * A result after JSON: undefined becomes null; a Date, and any other object with a `toJSON`, becomes what that returns; members
 * that are functions are left out. What an agent refuses to send is `never`: typed arrays, Map, Set, BigInt, functions.
 */
export type OnTheWire<Result> =
  IsAny<Result> extends true ? Any : unknown extends Result ? Result : Result extends void ? null : InJson<Result>;

type InJson<Value> = Value extends string | number | boolean | null
  ? Value
  : Value extends { toJSON(...params: never[]): infer Json }
    ? OnTheWire<Json>
    : Value extends NotInJson
      ? never
      : Value extends readonly unknown[]
        ? { [Index in keyof Value]: OnTheWire<Value[Index]> }
        : Value extends object
          ? { [Key in keyof Value as Value[Key] extends AnyFunction ? never : Key]: MemberInJson<Value[Key]> }
          : Value;

/** A member that is undefined is left out. */
type MemberInJson<Value> = Value extends undefined ? undefined : OnTheWire<Value>;

type SendableParams<Params> = { [Index in keyof Params]: SendableParam<Params[Index]> };
/** A parameter may be a stream. */
type SendableParam<Param> =
  IsAny<Param> extends true
    ? Any
    : unknown extends Param
      ? Param
      : Param extends AsyncIterable<infer Item>
        ? AsyncIterable<Sendable<Item>>
        : Sendable<Param>;

/** What a parameter may hold: `never` in place of what JSON does not carry. */
type Sendable<Value> =
  IsAny<Value> extends true
    ? Any
    : unknown extends Value
      ? Value
      : Value extends string | number | boolean | null | undefined
        ? Value
        : Value extends NotInJson
          ? never
          : Value extends { toJSON(...params: never[]): unknown }
            ? Value
            : Value extends readonly unknown[]
              ? { [Index in keyof Value]: Sendable<Value[Index]> }
              : Value extends object
                ? { [Key in keyof Value]: Value[Key] extends AnyFunction ? never : Sendable<Value[Key]> }
                : Value;

/** What a call of a method gives. */
type Called<Result> = [Result] extends [never]
  ? Promise<never>
  : IsAny<Result> extends true
    ? Promise<Any>
    : [Result] extends [AnyResult]
      ? Promise<unknown> & AsyncIterable<unknown> & AsyncDisposable
      : CalledForType<Result>;

type CalledForType<Result> =
  | StreamOf<Extract<Result, AnyStream>>
  | ([Exclude<Result, AnyStream>] extends [never] ? never : Promise<OnTheWire<Exclude<Result, AnyStream>>>);

/** A web ReadableStream, whose type need not be known. */
type Readable<Item> = { getReader(): { read(): Promise<{ done: boolean; value?: Item | undefined }> } };

type AnyStream = AsyncIterable<unknown> | Generator<unknown, unknown, never> | Readable<unknown>;

type StreamOf<Result> =
  Result extends AsyncGenerator<infer Item, infer Returned, never>
    ? AgentStream<OnTheWire<Item>, OnTheWire<Awaited<Returned>>>
    : Result extends Generator<infer Item, infer Returned, never>
      ? AgentStream<OnTheWire<Item>, OnTheWire<Returned>>
      : Result extends AsyncIterable<infer Item>
        ? AgentStream<OnTheWire<Item>>
        : Result extends Readable<infer Item>
          ? AgentStream<OnTheWire<Item>>
          : never;
