/**
 * What the description asks a compiler. The handles are objects of the compiler, compared by identity; everything else is
 * plain. type-reader.ts answers over either API of TypeScript.
 */

declare const kind: unique symbol;
/** A type of the compiler. */
export type Type = { readonly [kind]: 'type' };

export type Compiler = {
  /** Such as `typescript 7.0.2`. */
  readonly name: string;
  /** The exports of the module that are values, by their names. */
  exports(): ExportedValue[];
  shapeOf(type: Type): Shape;
  /** As in a source, in one line. */
  textOf(type: Type): string;
  /** The name of a type by which sources refer to it. Undefined for a type without one. */
  nameOf(type: Type): TypeName | undefined;
  /** The properties of an object, those of an intersection joined, without those whose names are symbols. */
  propertiesOf(type: Type): Property[];
  /** The type of a property whose name is a well-known symbol, such as `asyncIterator`. */
  symbolPropertyOf(type: Type, name: string): Type | undefined;
  indexesOf(type: Type): { key: Type; value: Type }[];
  /** How it can be called, as a declaration says it: for methods. */
  signaturesOf(type: Type): Signature[];
  /** How it can be called, by types alone. */
  callsOf(type: Type): { params: readonly Type[]; result: Type }[];
  /** Whether it can be called. */
  isFunction(type: Type): boolean;
  /** The name of a class, if the type is an instance of one. */
  classOf(type: Type): string | undefined;
  /** The name of a type that the language or Node declares, such as `Map`. */
  builtInOf(type: Type): { name: string; args: readonly Type[] } | undefined;
  close(): void;
};

export type Shape =
  | { kind: PlainKind }
  /** `isEnum` if it is a member of an enum. */
  | { kind: 'literal'; value: string | number | boolean | bigint; isEnum: boolean }
  | { kind: 'union'; types: readonly Type[] }
  | { kind: 'intersection'; types: readonly Type[] }
  /** `${texts[0]}${types[0]}${texts[1]}…` */
  | { kind: 'template'; texts: readonly string[]; types: readonly Type[] }
  | { kind: 'array'; item: Type }
  | { kind: 'tuple'; elements: readonly TupleElement[] }
  /** Depends on a type parameter. */
  | { kind: 'open'; constraint: Type | undefined };

/** `object` is a type with members; `nonPrimitive` is the type that sources call `object`. */
export type PlainKind =
  | 'any'
  | 'unresolved'
  | 'unknown'
  | 'never'
  | 'undefined'
  | 'null'
  | 'string'
  | 'number'
  | 'boolean'
  | 'bigint'
  | 'symbol'
  | 'nonPrimitive'
  | 'object';

export type TupleElement = { type: Type; isOptional: boolean; isRest: boolean };

export type TypeName = {
  name: string;
  args: readonly Type[];
  /** Whether the language or Node declares it, such as `Partial`. */
  isBuiltIn: boolean;
  comment: Comment;
};

export type ExportedValue = { name: string; type: Type; comment: Comment };

export type Property = { name: string; type: Type; isOptional: boolean; comment(): Comment };

export type Signature = { params: Param[]; result: Type; text: string };

export type Param = {
  /** Undefined for a destructured parameter. */
  name: string | undefined;
  type: Type;
  isOptional: boolean;
  isRest: boolean;
  /** The source of its default value. */
  initializer: string | undefined;
  comment: string;
};

/** A comment, without the asterisks, and its tags in order. */
export type Comment = { text: string; tags: readonly { name: string; text: string }[] };
