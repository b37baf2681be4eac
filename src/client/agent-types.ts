/** The types of an agent as its clients see it, derived from the module. Types only. */
import type { ReservedName } from '../../wire/reserved-names.ts';

type NotMethods = 'default' | 'setup' | 'teardown' | 'longMessages' | `rpc.${string}` | ReservedName;

/** What the client and the agent speak. By 'json' a client speaks JSON alone: see `messagePack` of its options. */
export type Encoding = 'any' | 'json';

/**
 * The methods of an agent as a client sees them: the module's exported functions, each returning a promise, or a stream if it
 * is a generator or returns an async iterable. Parameters and results are what the encoding carries: see {@link OnTheWire}.
 * Functions with a reserved name, such as `toString` or `_internal`, are not among them: see `call`.
 */
export type Agent<Module, In extends Encoding = 'any'> = {
  [Name in keyof Module as Name extends NotMethods
    ? never
    : Module[Name] extends (...params: never[]) => unknown
      ? Name
      : never]: Module[Name] extends (...params: infer Params) => infer Result
    ? (...params: SendableParams<Params, In>) => Called<Awaited<Result>, In>
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

/** What no encoding carries: an agent refuses to send it, and so does a client. */
type NotSent = symbol | AnyFunction | ArrayBufferView | ArrayBufferLike | RegExp;
/** What MessagePack carries and JSON does not. */
type NotInJson = bigint | Uint8Array | ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>;

/**
 * A result as it arrives: undefined becomes null, an object with a `toJSON` becomes what that returns, members that are
 * functions are left out. Uint8Array, Date, Map, Set and BigInt arrive as they are; in JSON alone a Date is text, and the
 * others are `never`, as what an agent refuses to send.
 */
export type OnTheWire<Result, In extends Encoding = 'any'> =
  IsAny<Result> extends true
    ? Any
    : unknown extends Result
      ? Result
      : Result extends void
        ? null
        : Arriving<Result, In>;

type Arriving<Value, In extends Encoding> = Value extends string | number | boolean | null
  ? Value
  : Value extends NotInJson | Date
    ? In extends 'any'
      ? Native<Value>
      : Value extends Date
        ? string
        : never
    : Value extends { toJSON(...params: never[]): infer Json }
      ? OnTheWire<Json, In>
      : Value extends NotSent
        ? never
        : Value extends readonly unknown[]
          ? { [Index in keyof Value]: OnTheWire<Value[Index], In> }
          : Value extends object
            ? { [Key in keyof Value as Value[Key] extends AnyFunction ? never : Key]: Member<Value[Key], In> }
            : Value;

/** What arrives in MessagePack. */
type Native<Value> = Value extends bigint
  ? bigint
  : Value extends Uint8Array
    ? Uint8Array
    : Value extends Date
      ? Date
      : Value extends ReadonlyMap<infer Key, infer Item>
        ? Map<OnTheWire<Key>, OnTheWire<Item>>
        : Value extends ReadonlySet<infer Item>
          ? Set<OnTheWire<Item>>
          : never;

/** A member that is undefined is left out. */
type Member<Value, In extends Encoding> = Value extends undefined ? undefined : OnTheWire<Value, In>;

type SendableParams<Params, In extends Encoding> = { [Index in keyof Params]: SendableParam<Params[Index], In> };
/** A parameter may be a stream. */
type SendableParam<Param, In extends Encoding> =
  IsAny<Param> extends true
    ? Any
    : unknown extends Param
      ? Param
      : Param extends AsyncIterable<infer Item>
        ? AsyncIterable<Sendable<Item, In>>
        : Sendable<Param, In>;

/** What a parameter may hold: `never` in place of what the encoding does not carry. */
type Sendable<Value, In extends Encoding> =
  IsAny<Value> extends true
    ? Any
    : unknown extends Value
      ? Value
      : Value extends string | number | boolean | null | undefined
        ? Value
        : Value extends NotInJson
          ? SendableNative<Value, In>
          : Value extends { toJSON(...params: never[]): unknown }
            ? Value
            : Value extends NotSent
              ? never
              : Value extends readonly unknown[]
                ? { [Index in keyof Value]: Sendable<Value[Index], In> }
                : Value extends object
                  ? { [Key in keyof Value]: Value[Key] extends AnyFunction ? never : Sendable<Value[Key], In> }
                  : Value;

type SendableNative<Value, In extends Encoding> = In extends 'json'
  ? never
  : Value extends ReadonlyMap<infer Key, infer Item>
    ? ReadonlyMap<Sendable<Key, In>, Sendable<Item, In>>
    : Value extends ReadonlySet<infer Item>
      ? ReadonlySet<Sendable<Item, In>>
      : Value;

/** What a call of a method gives. */
type Called<Result, In extends Encoding> = [Result] extends [never]
  ? Promise<never>
  : IsAny<Result> extends true
    ? Promise<Any>
    : [Result] extends [AnyResult]
      ? Promise<unknown> & AsyncIterable<unknown> & AsyncDisposable
      : CalledForType<Result, In>;

type CalledForType<Result, In extends Encoding> =
  | StreamOf<Extract<Result, AnyStream>, In>
  | ([Exclude<Result, AnyStream>] extends [never] ? never : Promise<OnTheWire<Exclude<Result, AnyStream>, In>>);

/** A web ReadableStream, whose type need not be known. */
type Readable<Item> = { getReader(): { read(): Promise<{ done: boolean; value?: Item | undefined }> } };

type AnyStream = AsyncIterable<unknown> | Generator<unknown, unknown, never> | Readable<unknown>;

type StreamOf<Result, In extends Encoding> =
  Result extends AsyncGenerator<infer Item, infer Returned, never>
    ? AgentStream<OnTheWire<Item, In>, OnTheWire<Awaited<Returned>, In>>
    : Result extends Generator<infer Item, infer Returned, never>
      ? AgentStream<OnTheWire<Item, In>, OnTheWire<Returned, In>>
      : Result extends AsyncIterable<infer Item>
        ? AgentStream<OnTheWire<Item, In>>
        : Result extends Readable<infer Item>
          ? AgentStream<OnTheWire<Item, In>>
          : never;
