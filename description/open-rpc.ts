/**
 * The OpenRPC 1.3 document of a description: https://spec.open-rpc.org. Its schemas are those of draft 7, which it demands.
 * What it has no place for is in extensions: `x-stream` has the schema of the items of a stream, `x-rest` marks the
 * parameter that stands for all further ones, `x-signature` has lines for people, `x-examples`, `x-throws` and `x-deprecated` have texts of the comment, and
 * `x-notes` what the schemas leave out, and `x-mcp` has what the tags `@mcp` say. `x-reason` of the document says why the schemas are `true`.
 */
import { definitionName } from './definitions.ts';
import type {
  Description,
  MethodDescription,
  ParamDescription,
  Schema,
  SchemaObject,
  ToolFacts,
} from './description.ts';
import { isObject, mapInner } from './schema-walk.ts';

export type OpenRpcInfo = {
  title: string;
  /** {@link versionOf} */
  version: string;
  description?: string;
};

export type OpenRpcDocument = {
  openrpc: '1.3.2';
  info: OpenRpcInfo;
  methods: OpenRpcMethod[];
  components?: { schemas: Record<string, Schema> };
  'x-reason'?: string;
};

export type OpenRpcMethod = {
  name: string;
  summary?: string;
  description?: string;
  deprecated?: true;
  paramStructure: 'by-position';
  params: OpenRpcParam[];
  result: { name: 'result'; description?: string; schema: Schema };
  'x-stream'?: { items: Schema };
  'x-signature': string[];
  'x-deprecated'?: string;
  'x-examples'?: string[];
  'x-throws'?: string[];
  'x-notes'?: string[];
  'x-mcp'?: ToolFacts;
};

export type OpenRpcParam = {
  name: string;
  description?: string;
  required: boolean;
  schema: Schema;
  'x-rest'?: true;
  'x-stream'?: { items: Schema };
};

/** That of a module whose package has none. */
const NO_VERSION = '0.0.0';

/** The version of what is described: that of the package of the module. */
export function versionOf(description: Pick<Description, 'package'>): string {
  return description.package?.version ?? NO_VERSION;
}

export function openRpc(description: Description, info: OpenRpcInfo): OpenRpcDocument {
  const schemas = Object.entries(description.$defs).map(([name, schema]) => [name, draft7(schema)]);
  return {
    openrpc: '1.3.2',
    info,
    methods: description.methods.map((method) => methodOf(method, description)),
    ...(schemas.length > 0 && { components: { schemas: Object.fromEntries(schemas) } }),
    ...(description.reason !== undefined && { 'x-reason': description.reason }),
  };
}

function methodOf(method: MethodDescription, { notes }: Description): OpenRpcMethod {
  const { name, signature, summary, description, deprecated, params, result, stream, examples, throws, mcp } = method;
  const own = notes.filter((note) => note.method === name);
  return {
    name,
    ...(summary !== undefined && { summary }),
    ...(description !== undefined && { description }),
    ...(deprecated !== undefined && { deprecated: true }),
    // An object is the only argument: docs/protocol.md.
    paramStructure: 'by-position',
    params: params.map(paramOf),
    result: {
      name: 'result',
      ...(result.description !== undefined && { description: result.description }),
      schema: draft7(result.schema),
    },
    ...(stream && { 'x-stream': { items: draft7(stream.items) } }),
    'x-signature': signature,
    ...(typeof deprecated === 'string' && { 'x-deprecated': deprecated }),
    ...(examples && { 'x-examples': examples }),
    ...(throws && { 'x-throws': throws }),
    ...(mcp && { 'x-mcp': mcp }),
    ...(own.length > 0 && { 'x-notes': own.map(({ path, text }) => (path === '' ? text : `${path}: ${text}`)) }),
  };
}

function paramOf({ name, description, required, schema, rest, stream }: ParamDescription): OpenRpcParam {
  return {
    name,
    ...(description !== undefined && { description }),
    required,
    schema: draft7(schema),
    ...(rest && { 'x-rest': true }),
    ...(stream && { 'x-stream': { items: draft7(stream.items) } }),
  };
}

/** In draft 7 the items of a tuple have another keyword, and what stands beside a reference is ignored. */
function draft7(schema: Schema): Schema {
  if (!isObject(schema)) return schema;
  const { prefixItems, items, $ref, ...others } = mapInner(schema, draft7) as SchemaObject & { prefixItems?: unknown };
  const list =
    prefixItems === undefined
      ? { ...(items !== undefined && { items }) }
      : { items: prefixItems, ...(items !== undefined && { additionalItems: items }) };
  if ($ref === undefined) return { ...others, ...list };
  const reference = { $ref: `#/components/schemas/${definitionName($ref)}` };
  return Object.keys(others).length === 0 ? reference : { allOf: [reference], ...others };
}
