/** The description that an OpenRPC document was made of, as far as the document has it: the counterpart of open-rpc.ts. */
import type { Description, MethodDescription, ParamDescription, Schema, SchemaObject } from './description.ts';
import type { OpenRpcDocument, OpenRpcMethod, OpenRpcParam } from './open-rpc.ts';
import { isObject, mapInner } from './schema-walk.ts';

const DEFINITIONS = '#/components/schemas/';

/** What other servers leave out counts as not said. */
export function fromOpenRpc(document: OpenRpcDocument): Description {
  const { info, methods, components } = document;
  const reason = document['x-reason'];
  const schemas = Object.entries(components?.schemas ?? {}).map(([name, schema]) => [name, draft2020(schema)]);
  return {
    format: 1,
    ...(reason !== undefined && { reason }),
    package: { version: info.version },
    methods: methods.map(methodFrom),
    $defs: Object.fromEntries(schemas),
    notes: [],
  };
}

function methodFrom(method: OpenRpcMethod): MethodDescription {
  const { name, summary, description, deprecated, params, result } = method;
  const { 'x-signature': signature, 'x-stream': stream, 'x-mcp': mcp } = method;
  const { 'x-examples': examples, 'x-throws': throws, 'x-deprecated': instead } = method;
  return {
    name,
    signature: signature ?? [`${name}(${params.map((param) => param.name).join(', ')})`],
    ...(summary !== undefined && { summary }),
    ...(description !== undefined && { description }),
    ...(deprecated && { deprecated: instead ?? true }),
    ...(examples && { examples }),
    ...(throws && { throws }),
    ...(mcp && { mcp }),
    params: params.map(paramFrom),
    result: {
      schema: draft2020(result?.schema ?? true),
      ...(result?.description !== undefined && { description: result.description }),
    },
    ...(stream && { stream: { items: draft2020(stream.items) } }),
  };
}

function paramFrom(param: OpenRpcParam): ParamDescription {
  const { name, description, required = false, schema = true } = param;
  const { 'x-rest': rest, 'x-stream': stream } = param;
  return {
    name,
    schema: draft2020(schema),
    required,
    ...(rest && { rest }),
    ...(stream && { stream: { items: draft2020(stream.items) } }),
    ...(description !== undefined && { description }),
  };
}

/** In 2020-12 the items of a tuple have another keyword, and keywords may stand beside a reference. */
function draft2020(schema: Schema): Schema {
  if (!isObject(schema)) return schema;
  const { items, additionalItems, allOf, $ref, ...others } = mapInner(tupleOf(schema), draft2020) as SchemaObject;
  const [reference, ...more] = Array.isArray(allOf) ? (allOf as Schema[]) : [];
  const isBeside = more.length === 0 && reference !== undefined && isObject(reference) && reference.$ref !== undefined;
  return {
    ...(typeof $ref === 'string' && { $ref: ownReference($ref) }),
    ...(isBeside ? reference : allOf !== undefined && { allOf }),
    ...others,
    ...(items !== undefined && { items }),
    ...(additionalItems !== undefined && { additionalItems }),
  };
}

function tupleOf(schema: SchemaObject): SchemaObject {
  const { items, additionalItems, ...others } = schema as SchemaObject & { items?: unknown; additionalItems?: unknown };
  if (!Array.isArray(items)) return schema;
  return { ...others, prefixItems: items, ...(additionalItems !== undefined && { items: additionalItems }) };
}

function ownReference(reference: string): string {
  return reference.startsWith(DEFINITIONS) ? `#/$defs/${reference.slice(DEFINITIONS.length)}` : reference;
}
