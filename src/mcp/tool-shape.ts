/**
 * The shape of a tool: from the parameters of a method to one object of arguments, and back. Arguments have the names of the
 * parameters; the properties of the only parameter, if that is an object.
 */
import type { MethodDescription, ParamDescription, Schema, SchemaObject } from '../../description/description.ts';
import { type Era, MODERN } from './eras.ts';
import { fromJson } from './json-arguments.ts';
import { type Definitions, definitionsFor, forJson, hasNative, objectSchema } from './json-schemas.ts';
import type { Params } from './messages.ts';

/** Arguments that do not fit the parameters of the method. */
export class ArgumentsError extends Error {}

type Method = Pick<MethodDescription, 'params' | 'result' | 'stream'>;

export function inputSchema({ params }: Method, $defs: Definitions): SchemaObject {
  const whole = wholeParam(params, $defs);
  if (whole !== undefined) return withDefinitions(forJson(whole.schema) as SchemaObject, [whole.schema], $defs);
  const schemas = params.map((param): [string, Schema] => [param.name, argumentSchema(param)]);
  const required = params.filter((param) => param.required).map(({ name }) => name);
  const schema: SchemaObject = {
    type: 'object',
    properties: Object.fromEntries(schemas.map(([name, each]) => [name, forJson(each)])),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
  return withDefinitions(
    schema,
    schemas.map(([, each]) => each),
    $defs,
  );
}

/** @throws ArgumentsError */
export function paramsFrom({ params }: Method, $defs: Definitions, given: Params): unknown[] {
  const whole = wholeParam(params, $defs);
  if (whole !== undefined) {
    const isLeftOut = !whole.param.required && Object.keys(given).length === 0;
    return isLeftOut ? [] : [paramFrom(whole.schema, given, $defs)];
  }
  const unknown = Object.keys(given).filter((name) => !params.some((param) => param.name === name));
  if (unknown.length > 0) throw new ArgumentsError(`unknown arguments: ${unknown.join(', ')}. ${namesOf(params)}`);
  const missing = params.filter(({ name, required }) => required && !Object.hasOwn(given, name));
  if (missing.length > 0)
    throw new ArgumentsError(`missing arguments: ${missing.map(({ name }) => name).join(', ')}. ${namesOf(params)}`);
  const last = params.findLastIndex(({ name }) => Object.hasOwn(given, name));
  return params.slice(0, last + 1).flatMap((param) => argumentsOf(param, $defs, given));
}

/** Undefined if there is none, or the era does not allow it: up to 2025-11-25 a structured result is an object. */
export function outputSchema({ result, stream }: Method, $defs: Definitions, era: Era): SchemaObject | undefined {
  const schema: Schema = stream === undefined ? result.schema : { type: 'array', items: stream.items };
  // Bytes are blocks of the content.
  if (typeof schema !== 'object' || hasNative(schema, $defs, ['bytes'])) return undefined;
  if (era === MODERN) return withDefinitions(forJson(schema) as SchemaObject, [schema], $defs);
  const own = mayBeNull(schema) ? undefined : objectSchema(schema, $defs);
  return own && withDefinitions(forJson(own) as SchemaObject, [own], $defs);
}

type WholeParam = { param: ParamDescription; schema: SchemaObject };

function wholeParam([param, ...others]: readonly ParamDescription[], $defs: Definitions): WholeParam | undefined {
  if (param === undefined || others.length > 0 || param.rest || param.stream !== undefined) return undefined;
  const schema = objectSchema(param.schema, $defs);
  return schema && { param, schema };
}

/** Of a rest parameter, and of one that may be a stream, the argument is an array. */
function argumentSchema({ schema, rest, stream, description }: ParamDescription): Schema {
  const items = rest ? schema : stream?.items;
  const own: Schema = items === undefined ? schema : { type: 'array', items };
  if (description === undefined || own === false) return own;
  return own === true ? { description } : { description, ...own };
}

function argumentsOf(param: ParamDescription, $defs: Definitions, given: Params): unknown[] {
  const { name, schema, rest, stream } = param;
  if (!Object.hasOwn(given, name)) return rest ? [] : [defaultOf(schema)];
  const value = given[name];
  if (rest || (stream !== undefined && value !== null)) {
    if (!Array.isArray(value)) throw new ArgumentsError(`the argument ${name} is no array`);
    const items = value.map((item) => paramFrom(rest ? schema : (stream?.items ?? true), item, $defs));
    return rest ? items : [streamOf(items)];
  }
  return [paramFrom(schema, value, $defs)];
}

/** Of a parameter that is left out in front of others: the agent sees null. */
function defaultOf(schema: Schema): unknown {
  return (typeof schema === 'object' ? schema.default : undefined) ?? null;
}

function paramFrom(schema: Schema, value: unknown, $defs: Definitions): unknown {
  return hasNative(schema, $defs) ? fromJson(schema, value, $defs) : value;
}

async function* streamOf(items: readonly unknown[]): AsyncGenerator<unknown> {
  yield* items;
}

function namesOf(params: readonly ParamDescription[]): string {
  if (params.length === 0) return 'The tool has none.';
  return `The tool has ${params.map(({ name, required }) => (required ? name : `${name} (optional)`)).join(', ')}.`;
}

function mayBeNull(schema: SchemaObject): boolean {
  if ([schema.type].flat().includes('null')) return true;
  return Array.isArray(schema.anyOf) && schema.anyOf.some((each) => typeof each === 'object' && each?.type === 'null');
}

function withDefinitions(schema: SchemaObject, sources: readonly Schema[], $defs: Definitions): SchemaObject {
  const own = definitionsFor(sources, $defs);
  return own === undefined ? schema : { ...schema, $defs: own };
}
