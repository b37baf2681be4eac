/** `checked()` of `launchpool/handler`: a method that carries the schemas of its arguments. */

import { foundText } from '../wire/found-text.ts';
import { pointerOf } from '../wire/json-pointer.ts';

/** The part of https://standardschema.dev that is used. zod, valibot and arktype have it, among others. */
export type StandardSchema<Input = unknown, Output = Input> = {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => Outcome<Output> | Promise<Outcome<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
};

type Outcome<Output> = { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly Issue[] };

type Issue = {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
};

type TypesOf<Schema extends StandardSchema> = NonNullable<Schema['~standard']['types']>;
type Inputs<Schemas extends readonly StandardSchema[]> = { [Key in keyof Schemas]: TypesOf<Schemas[Key]>['input'] };
type Outputs<Schemas extends readonly StandardSchema[]> = { [Key in keyof Schemas]: TypesOf<Schemas[Key]>['output'] };

/** workers/own-schemas.ts and workers/refused-arguments.ts: modules are bundled, and share only such symbols with the agent. */
const SCHEMAS = Symbol.for('launchpool.schemas');
const REFUSED = Symbol.for('launchpool.refused');

/**
 * Returns a method whose arguments are checked by schemas of zod, valibot, arktype, or another library of Standard Schema: one
 * schema for each parameter. The handler gets what the schemas make of the arguments. The description of the agent has their
 * JSON Schema where the library gives one. `--validate` does not change this.
 *
 *     export const add = checked([z.number(), z.coerce.number()], (a, b) => a + b);
 *     export const greet = checked(z.object({ name: z.string() }), ({ name }) => `Hello ${name}`);
 *
 * The result of the method is that of the handler, as a promise where a schema is asynchronous. Arguments beyond the schemas are
 * dropped. Null is tried as undefined where a schema refuses it, since clients send null for undefined.
 * @throws Error with the code ERR_LAUNCHPOOL_PARAMS_INVALID, and in its `data` the pointer to the value
 */
export function checked<Schema extends StandardSchema, Result>(
  schema: Schema,
  handler: (argument: TypesOf<Schema>['output']) => Result,
): (argument: TypesOf<Schema>['input']) => Result;
export function checked<const Schemas extends readonly StandardSchema[], Result>(
  schemas: Schemas,
  handler: (...args: Outputs<Schemas>) => Result,
): (...args: Inputs<Schemas>) => Result;
export function checked(
  given: StandardSchema | readonly StandardSchema[],
  handler: (...args: unknown[]) => unknown,
): (...args: unknown[]) => unknown {
  const schemas = Array.isArray(given) ? (given as readonly StandardSchema[]) : [given as StandardSchema];
  for (const [index, schema] of schemas.entries()) mustBeSchema(schema, index);
  if (typeof handler !== 'function') throw new TypeError('checked() takes schemas, and then the handler');

  function method(this: unknown, ...args: unknown[]): unknown {
    const values = schemas.map((schema, index) => checkedValue(schema, args[index], index));
    if (values.some((value) => value instanceof Promise))
      return Promise.all(values).then((found) => Reflect.apply(handler, this, found));
    return Reflect.apply(handler, this, values);
  }
  Object.defineProperties(method, { name: { value: handler.name }, length: { value: schemas.length } });
  return Object.assign(method, { [SCHEMAS]: schemas });
}

function mustBeSchema(schema: StandardSchema | undefined, index: number): void {
  if (typeof schema?.['~standard']?.validate === 'function') return;
  throw new TypeError(`checked(): schema ${index + 1} is no Standard Schema (https://standardschema.dev)`);
}

function checkedValue(schema: StandardSchema, argument: unknown, index: number): unknown {
  const { validate } = schema['~standard'];
  const outcome = validate(argument);
  return outcome instanceof Promise ? outcome.then(read) : read(outcome);

  function read(outcome: Outcome<unknown>): unknown {
    if (outcome.issues === undefined) return outcome.value;
    const refusal = refusalOf(outcome.issues, argument, index);
    if (argument !== null) throw refusal;
    const second = validate(undefined);
    if (second instanceof Promise) return second.then((found) => orThrow(found, refusal));
    return orThrow(second, refusal);
  }
}

function orThrow(outcome: Outcome<unknown>, refusal: Error): unknown {
  if (outcome.issues === undefined) return outcome.value;
  throw refusal;
}

function refusalOf([issue]: readonly Issue[], argument: unknown, index: number): Error {
  // A plain array: that of arktype has a constructor of another kind, which map() calls.
  const keys = Array.from(issue?.path ?? [], (part) => (typeof part === 'object' ? part.key : part));
  const pointer = pointerOf([index, ...keys]);
  const { message = 'it does not pass the schema' } = issue ?? {};
  const place = keys.length === 0 ? '' : ` at ${pointer}`;
  const error = new Error(`argument ${index + 1}${place}: ${message}`);
  const value = keys.reduce<unknown>((outer, key) => (Object(outer) as Record<PropertyKey, unknown>)[key], argument);
  const data = { parameter: String(index + 1), pointer, expected: message, found: foundText(value) };
  return Object.assign(error, {
    name: 'LaunchpoolError',
    code: 'ERR_LAUNCHPOOL_PARAMS_INVALID',
    data,
    [REFUSED]: true,
  });
}
