/**
 * What a module's types and comments say about its methods. Plain JSON, the same for the same sources and compiler; it
 * stands in `launchpool-description.json` beside `launchpool-module.json` (description-file.ts).
 *
 * The schemas are JSON Schema 2020-12 of the values as JSON carries them. They say no more than the types:
 *
 * - Properties that are not named pass. Null passes wherever undefined does, because a client in TypeScript that sends
 *   undefined in an array sends null.
 * - A Date is text with the format `date-time`. An object with a `toJSON` is what that returns.
 * - What JSON does not carry has no assertion, and the keyword `x-messagepack` in their place, with the name of the value in
 *   MessagePack: `bytes`, `bigint`, `map` (with `x-keys` and `x-values`) or `set` (with `x-items`). A Date has the keyword
 *   too, as `date`, and an Iterable, as `iterable`. In JSON such a result is refused: ERR_LAUNCHPOOL_RESULT_INVALID.
 * - A type without a schema is `true`, and a note says why.
 */

/** A JSON Schema of the dialect 2020-12. */
export type Schema = boolean | SchemaObject;

export type SchemaObject = {
  [keyword: string]: unknown;
  /** `#/$defs/NAME` in the description that has the schema; see {@link file://./definitions.ts} for schemas that stand alone. */
  $ref?: string;
};

export type Description = {
  /** Changes when a reader of the earlier format could misread it. */
  format: 1;
  /** The compiler that has read the types, such as `typescript 7.0.2`. Undefined if none has: `reason` says why. */
  compiler?: string;
  /** Why the schemas are `true`, as one line. Undefined if the types have been read. */
  reason?: string;
  /** What the package.json of the module says. Undefined without such a file. */
  package?: PackageFacts;
  /** Sorted by name. Empty for a raw agent. */
  methods: MethodDescription[];
  /** Named types, for `$ref`. Sorted by name. */
  $defs: Record<string, Schema>;
  /** What the schemas leave out, in the order of the methods. */
  notes: DescriptionNote[];
};

export type PackageFacts = { name?: string; version?: string };

export type MethodDescription = {
  /** The name by which clients call it. */
  name: string;
  /** For people, such as `add(a: number, b?: number): number`. One line for each overload. */
  signature: string[];
  /** The first paragraph of its comment. */
  summary?: string;
  /** The whole comment, without its tags. */
  description?: string;
  /** What `@deprecated` says; true if it says nothing. */
  deprecated?: string | true;
  /** The texts of `@example`, without the fences of code. */
  examples?: string[];
  /** The texts of `@throws`. */
  throws?: string[];
  /** Set if the method checks its arguments itself, by schemas of its own: `checked()` of `launchpool/handler`. */
  checksItself?: true;
  /** What the tags `@mcp` say, for clients of MCP. */
  mcp?: ToolFacts;
  /** In order. Those of several overloads are joined: each schema passes what one of them passes. */
  params: ParamDescription[];
  /**
   * What the promise resolves with. Of a stream, what its response brings at the end: what the generator returns. Without
   * `"stream": true` in the request, the result of a stream is an array of its items.
   */
  result: ResultDescription;
  /** Undefined unless the result is a stream. */
  stream?: { items: Schema };
};

/** What a method is as a tool of MCP. What is undefined is not said. */
export type ToolFacts = {
  /** Its name for people. */
  title?: string;
  /** It is a tool, and methods without this mark are none. */
  isTool?: true;
  /** It is no tool. */
  isHidden?: true;
  /** Whether it changes nothing. */
  readOnly?: boolean;
  /** Whether it may remove or replace something. */
  destructive?: boolean;
  /** Whether a second call with the same arguments has no further effect. */
  idempotent?: boolean;
  /** Whether it deals with what is outside of this machine, such as the web. */
  openWorld?: boolean;
};

export type ParamDescription = {
  /** Unique in its method. That of a destructured parameter comes from its comment or its type. */
  name: string;
  schema: Schema;
  /** Whether it may not be left out. */
  required: boolean;
  /** Whether it stands for any number of further arguments; the schema is that of each. Only the last parameter. */
  rest?: true;
  /** The parameter may be a stream of these items. Its `schema` is that of the object which stands in its place. */
  stream?: { items: Schema };
  description?: string;
};

export type ResultDescription = { schema: Schema; description?: string };

/** What a schema leaves out. */
export type DescriptionNote = {
  method: string;
  /** Where it is: `params.user.friends[]`, `result`, `stream.items`. Empty for the method as a whole. */
  path: string;
  /** The reason, as a sentence without its first capital and its stop. */
  text: string;
};
