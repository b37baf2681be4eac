/**
 * The API of TypeScript 7, which talks with the native compiler in a process of its own. Its authors call it unstable:
 * 7.0.2 is known to work, and find-compiler.ts says so when another version fails.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Type } from './compiler.ts';
import type { CallSignature, CompilerApi, Flags, NameSymbol } from './compiler-api.ts';
import { ownOptions, type ProjectOptions, plainOptions } from './project-options.ts';

type Node = { pos: number; end: number; initializer?: Node; parameters?: Parameter[] };
type Parameter = { name: { text?: string }; questionToken?: object; dotDotDotToken?: object };
type Handle = { path: string; kind: number; resolve(): Node | undefined };

type NativeSymbol = {
  flags: number;
  name: string;
  declarations: Handle[];
  valueDeclaration?: Handle;
  getExports(): ReadonlyMap<string, NameSymbol>;
  getDocumentationComment(checker: object): string;
  getJsDocTags(checker: object): { name: string; text?: string }[];
};

type NativeType = {
  flags: number;
  objectFlags?: number;
  value: string | number | boolean | bigint;
  texts: string[];
  elementFlags?: number[];
  isErrorType(): boolean;
  getTypes(): Type[] | undefined;
  getTarget(): Type;
  getSymbol(): NameSymbol | undefined;
  getAliasSymbol(): NameSymbol | undefined;
  getAliasTypeArguments(): Type[];
};

type NativeSignature = { hasRestParameter: boolean; getParameters(): NameSymbol[] };

type Checker = {
  getSymbolAtLocation(node: object): NameSymbol | undefined;
  getExportsOfModule(module: NameSymbol): NameSymbol[];
  getAliasedSymbol(symbol: NameSymbol): NameSymbol;
  getShorthandAssignmentValueSymbol(node: object): NameSymbol | undefined;
  getTypeOfSymbol(symbols: readonly NameSymbol[]): (Type | undefined)[];
  getTypeArguments(type: Type): Type[];
  isArrayType(type: Type): boolean;
  isTupleType(type: Type): boolean;
  isArrayLikeType(type: Type): boolean;
  getBaseConstraintOfType(type: Type): Type | undefined;
  getPropertiesOfType(type: Type): NameSymbol[];
  getIndexInfosOfType(type: Type): { keyType: Type; valueType: Type }[];
  getSignaturesOfType(type: Type, kind: number): CallSignature[];
  getReturnTypeOfSignature(signature: CallSignature): Type | undefined;
  signatureToSignatureDeclaration(
    signature: CallSignature,
    kind: number,
    enclosing: undefined,
    flags: number,
  ): Node | undefined;
  typeToString(type: Type, enclosing: undefined, flags: number): string;
};

type Project = {
  checker: Checker;
  program: { getSourceFile(path: string): { text: string } | undefined };
  emitter: { printNode(node: object): string };
};

type Sync = {
  API: new (options: {
    cwd: string;
  }) => {
    updateSnapshot(params: { openProjects: string[] }): { getProjects(): Project[] };
    close(): void;
  };
  TypeFlags: Flags;
  ObjectFlags: Flags;
  SymbolFlags: Flags;
  ElementFlags: Flags;
  NodeBuilderFlags: Flags;
};

const CALL = 0;

/**
 * @param folder the folder of the package `typescript`. @param module the path of the module.
 * @param scratch an empty folder, which the caller removes.
 */
export async function openNative(
  folder: string,
  module: string,
  project: ProjectOptions,
  scratch: string,
): Promise<CompilerApi> {
  const { resolve } = createRequire(join(folder, 'package.json'));
  const load = (name: string): Promise<unknown> => import(pathToFileURL(resolve(name)).href);
  const { version } = createRequire(import.meta.url)(join(folder, 'package.json')) as { version: string };
  const sync = (await load('typescript/unstable/sync')) as Sync;
  const { SyntaxKind } = (await load('typescript/unstable/ast')) as { SyntaxKind: Flags };
  const tsconfig = join(scratch, 'tsconfig.json');
  const types = project.tsconfig === undefined ? { types: ['*'] } : {};
  const content = {
    ...(project.tsconfig && { extends: project.tsconfig }),
    compilerOptions: { ...plainOptions(project), ...types, ...ownOptions },
    files: [module],
    include: [],
  };
  writeFileSync(tsconfig, JSON.stringify(content));
  const api = new sync.API({ cwd: dirname(module) });
  const [opened] = api.updateSnapshot({ openProjects: [tsconfig] }).getProjects();
  if (opened === undefined) throw new Error('it has opened no project');
  rmSync(tsconfig);
  const { checker, program, emitter } = opened;
  const file = program.getSourceFile(module);
  const root = file && checker.getSymbolAtLocation(file);
  const { NodeBuilderFlags: building } = sync;
  const flags = (building.NoTruncation ?? 0) | (building.UseAliasDefinedOutsideCurrentScope ?? 0);
  const symbolOf = (symbol: NameSymbol): NativeSymbol => symbol as object as NativeSymbol;
  const typeOf = (type: Type): NativeType => type as object as NativeType;
  const signatureOf = (signature: CallSignature): NativeSignature => signature as object as NativeSignature;

  function exportsOf(module: NameSymbol): readonly NameSymbol[] {
    const found = checker.getExportsOfModule(module);
    const assigned = symbolOf(module).getExports().get('export=');
    if (found.length > 0 || assigned === undefined) return found;
    // 7.0.2 does not name what `module.exports = { … }` of JavaScript has.
    const [type] = checker.getTypeOfSymbol([assigned]);
    return type === undefined ? [] : checker.getPropertiesOfType(type).map(writtenOut);
  }

  /** Of `{ add }` the function, which has the comment. */
  function writtenOut(property: NameSymbol): NameSymbol {
    const { valueDeclaration: declaration } = symbolOf(property);
    const isShort = declaration?.kind === SyntaxKind.ShorthandPropertyAssignment;
    const node = isShort ? declaration?.resolve() : undefined;
    return (node && checker.getShorthandAssignmentValueSymbol(node)) ?? property;
  }

  return {
    name: `typescript ${version}`,
    typeFlags: sync.TypeFlags,
    objectFlags: sync.ObjectFlags,
    symbolFlags: sync.SymbolFlags,
    elementFlags: sync.ElementFlags,
    exports: () => (root === undefined ? [] : exportsOf(root)),
    aliased: (symbol) => checker.getAliasedSymbol(symbol),
    nameOf: (symbol) => symbolOf(symbol).name,
    symbolFlagsOf: (symbol) => symbolOf(symbol).flags,
    typesOf: (symbols) => (symbols.length === 0 ? [] : checker.getTypeOfSymbol(symbols)),
    commentOf: (symbol) => symbolOf(symbol).getDocumentationComment(checker),
    tagsOf: (symbol) =>
      symbolOf(symbol)
        .getJsDocTags(checker)
        .map(({ name, text = '' }) => ({ name, text })),
    filesOf: (symbol) => symbolOf(symbol).declarations.map(({ path }) => path),
    initializerOf(symbol) {
      const { valueDeclaration: declaration } = symbolOf(symbol);
      // Declarations alone have no values, and to read them takes time.
      if (declaration === undefined || declaration.path.endsWith('.d.ts')) return undefined;
      const value = declaration.resolve()?.initializer;
      return value && program.getSourceFile(declaration.path)?.text.slice(value.pos, value.end);
    },
    flagsOf: (type) => typeOf(type).flags,
    objectFlagsOf: (type) => typeOf(type).objectFlags ?? 0,
    isError: (type) => typeOf(type).isErrorType(),
    isArray: (type) => checker.isArrayType(type),
    isTuple: (type) => checker.isTupleType(type),
    isArrayLike: (type) => checker.isArrayLikeType(type),
    valueOf: (type) => typeOf(type).value,
    typesIn: (type) => typeOf(type).getTypes() ?? [],
    textsIn: (type) => typeOf(type).texts,
    argumentsOf: (type) => checker.getTypeArguments(type),
    targetOf: (type) => typeOf(type).getTarget(),
    elementFlagsOf: (target) => typeOf(target).elementFlags ?? [],
    constraintOf: (type) => checker.getBaseConstraintOfType(type),
    symbolOf: (type) => typeOf(type).getSymbol(),
    aliasOf(type) {
      const symbol = typeOf(type).getAliasSymbol();
      return symbol && { symbol, args: typeOf(type).getAliasTypeArguments() };
    },
    propertiesOf: (type) => checker.getPropertiesOfType(type),
    indexesOf: (type) => checker.getIndexInfosOfType(type),
    textOf: (type) => checker.typeToString(type, undefined, flags),
    signaturesOf: (type) => checker.getSignaturesOfType(type, CALL),
    paramsOf: (signature) => signatureOf(signature).getParameters(),
    hasRest: (signature) => signatureOf(signature).hasRestParameter,
    resultOf: (signature) => checker.getReturnTypeOfSignature(signature),
    declarationOf(signature) {
      const kind = SyntaxKind.FunctionDeclaration as number;
      const node = nodeOf(() => checker.signatureToSignatureDeclaration(signature, kind, undefined, flags));
      if (node === undefined) return undefined;
      const params = (node.parameters ?? []).map(({ name, questionToken, dotDotDotToken }) => ({
        name: name.text,
        isOptional: questionToken !== undefined,
        isRest: dotDotDotToken !== undefined,
      }));
      return { params: params.filter(({ name }) => name !== 'this'), text: emitter.printNode(node) };
    },
    close: () => api.close(),
  };
}

/** 7.0.2 cannot read some of its own nodes: a rest parameter that is a pattern. */
function nodeOf(ask: () => Node | undefined): Node | undefined {
  try {
    return ask();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
