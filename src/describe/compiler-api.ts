/**
 * What both APIs of TypeScript have: the classic one, and that of TypeScript 7. Their flags have the same names and other
 * numbers. classic-api.ts and native-api.ts bring each into this form.
 */
import type { Type } from './compiler.ts';

declare const kind: unique symbol;
/** A symbol of the compiler, in its own sense: what a name stands for. */
export type NameSymbol = { readonly [kind]: 'symbol' };
export type CallSignature = { readonly [kind]: 'signature' };

export type Flags = Readonly<Record<string, number>>;

export type DeclaredParam = {
  /** Undefined for a pattern. */
  name: string | undefined;
  isOptional: boolean;
  isRest: boolean;
};

/** The parameters of a function as a declaration has them, without `this`, and its text. */
export type Declaration = { params: readonly DeclaredParam[]; text: string };

export type CompilerApi = {
  readonly name: string;
  readonly typeFlags: Flags;
  readonly objectFlags: Flags;
  readonly symbolFlags: Flags;
  readonly elementFlags: Flags;

  /** With aliases: those stand for what another module exports. */
  exports(): readonly NameSymbol[];
  aliased(symbol: NameSymbol): NameSymbol;

  nameOf(symbol: NameSymbol): string;
  symbolFlagsOf(symbol: NameSymbol): number;
  /** In the order of the symbols. */
  typesOf(symbols: readonly NameSymbol[]): readonly (Type | undefined)[];
  commentOf(symbol: NameSymbol): string;
  tagsOf(symbol: NameSymbol): readonly { name: string; text: string }[];
  /** The paths of the files that declare it. */
  filesOf(symbol: NameSymbol): readonly string[];
  /** The source of the default value of a parameter. */
  initializerOf(symbol: NameSymbol): string | undefined;

  flagsOf(type: Type): number;
  /** 0 for a type that is no object. */
  objectFlagsOf(type: Type): number;
  isError(type: Type): boolean;
  isArray(type: Type): boolean;
  isTuple(type: Type): boolean;
  /** Whether it can be assigned to an array. */
  isArrayLike(type: Type): boolean;
  valueOf(type: Type): string | number | boolean | bigint;
  /** Those of a union, an intersection, or a template. */
  typesIn(type: Type): readonly Type[];
  textsIn(type: Type): readonly string[];
  /** Only for a reference. */
  argumentsOf(type: Type): readonly Type[];
  /** Only for a reference. */
  targetOf(type: Type): Type;
  /** Only for the target of a tuple. */
  elementFlagsOf(target: Type): readonly number[];
  constraintOf(type: Type): Type | undefined;
  symbolOf(type: Type): NameSymbol | undefined;
  aliasOf(type: Type): { symbol: NameSymbol; args: readonly Type[] } | undefined;
  propertiesOf(type: Type): readonly NameSymbol[];
  indexesOf(type: Type): readonly { keyType: Type; valueType: Type }[];
  textOf(type: Type): string;

  signaturesOf(type: Type): readonly CallSignature[];
  paramsOf(signature: CallSignature): readonly NameSymbol[];
  hasRest(signature: CallSignature): boolean;
  resultOf(signature: CallSignature): Type | undefined;
  /** Undefined if the compiler cannot write it. */
  declarationOf(signature: CallSignature): Declaration | undefined;

  close(): void;
};
