/** The classic API of TypeScript 5 and 6. Their types are not among the packages of launchpool: these are the parts in use. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Type } from './compiler.ts';
import type { CallSignature, CompilerApi, Flags, NameSymbol } from './compiler-api.ts';
import { ownOptions, type ProjectOptions, plainOptions } from './project-options.ts';

type Node = { parameters?: Parameter[]; initializer?: { getText(): string }; getSourceFile(): { fileName: string } };
type Parameter = { name: { text?: string; escapedText?: string }; questionToken?: object; dotDotDotToken?: object };
type Parts = readonly { text: string; kind?: string }[] | undefined;

type ClassicSymbol = {
  flags: number;
  name: string;
  declarations?: Node[];
  valueDeclaration?: Node;
  getDocumentationComment(checker: object): Parts;
  getJsDocTags(checker: object): { name: string; text?: Parts }[];
};

type ClassicType = {
  flags: number;
  objectFlags?: number;
  intrinsicName?: string;
  value?: string | number | { negative: boolean; base10Value: string };
  types?: Type[];
  texts?: string[];
  target: Type;
  elementFlags?: number[];
  symbol?: NameSymbol;
  aliasSymbol?: NameSymbol;
  aliasTypeArguments?: Type[];
};

type Checker = {
  getSymbolAtLocation(node: object): NameSymbol | undefined;
  getExportsOfModule(module: NameSymbol): NameSymbol[];
  getAliasedSymbol(symbol: NameSymbol): NameSymbol;
  getTypeOfSymbol(symbol: NameSymbol): Type;
  getTypeArguments(type: Type): Type[];
  isArrayType(type: Type): boolean;
  isTupleType(type: Type): boolean;
  isArrayLikeType?(type: Type): boolean;
  getBaseConstraintOfType(type: Type): Type | undefined;
  getPropertiesOfType(type: Type): NameSymbol[];
  getIndexInfosOfType(type: Type): { keyType: Type; type: Type }[];
  getSignaturesOfType(type: Type, kind: number): CallSignature[];
  getReturnTypeOfSignature(signature: CallSignature): Type;
  signatureToSignatureDeclaration(
    signature: CallSignature,
    kind: number,
    enclosing: undefined,
    flags: number,
  ): Node | undefined;
  typeToString(type: Type, enclosing: undefined, flags: number): string;
};

type TypeScript = {
  version: string;
  sys: object;
  TypeFlags: Flags;
  ObjectFlags: Flags;
  SymbolFlags: Flags;
  ElementFlags: Flags;
  SyntaxKind: Flags;
  NodeBuilderFlags: Flags;
  readConfigFile(path: string, read: (path: string) => string | undefined): { config?: object };
  parseJsonConfigFileContent(json: object, host: object, folder: string): { options: object };
  createProgram(
    files: readonly string[],
    options: object,
  ): { getTypeChecker(): Checker; getSourceFile(path: string): object | undefined };
  createPrinter(options: object): { printNode(hint: number, node: object, file: object): string };
};

/** HasRestParameter of SignatureFlags, which the API does not name. */
const HAS_REST = 1;
const CALL = 0;
const UNSPECIFIED = 4;

/** @param folder the folder of the package `typescript`. @param module the path of the module. */
export function openClassic(folder: string, module: string, project: ProjectOptions): CompilerApi {
  const ts = createRequire(join(folder, 'package.json'))(folder) as TypeScript;
  const json = {
    ...(project.tsconfig && { extends: project.tsconfig }),
    compilerOptions: { ...plainOptions(project), ...ownOptions },
    files: [module],
    include: [],
  };
  const { options } = ts.parseJsonConfigFileContent(json, ts.sys, dirname(module));
  const program = ts.createProgram([module], options);
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(module);
  const root = file && checker.getSymbolAtLocation(file);
  const printer = ts.createPrinter({ removeComments: true });
  const flags = (ts.NodeBuilderFlags.NoTruncation ?? 0) | (ts.NodeBuilderFlags.UseAliasDefinedOutsideCurrentScope ?? 0);
  const symbolOf = (symbol: NameSymbol): ClassicSymbol => symbol as object as ClassicSymbol;
  const typeOf = (type: Type): ClassicType => type as object as ClassicType;
  const signatureOf = (signature: CallSignature): { flags: number; parameters: NameSymbol[] } =>
    signature as object as { flags: number; parameters: NameSymbol[] };

  return {
    name: `typescript ${ts.version}`,
    typeFlags: ts.TypeFlags,
    objectFlags: ts.ObjectFlags,
    symbolFlags: ts.SymbolFlags,
    elementFlags: ts.ElementFlags,
    exports: () => (root === undefined ? [] : checker.getExportsOfModule(root)),
    aliased: (symbol) => checker.getAliasedSymbol(symbol),
    nameOf: (symbol) => symbolOf(symbol).name,
    symbolFlagsOf: (symbol) => symbolOf(symbol).flags,
    typesOf: (symbols) => symbols.map((symbol) => checker.getTypeOfSymbol(symbol)),
    commentOf: (symbol) => textOf(symbolOf(symbol).getDocumentationComment(checker)),
    tagsOf: (symbol) =>
      symbolOf(symbol)
        .getJsDocTags(checker)
        .map(({ name, text }) => ({ name, text: textOf(text) })),
    filesOf: (symbol) => (symbolOf(symbol).declarations ?? []).map((node) => node.getSourceFile().fileName),
    initializerOf: (symbol) => symbolOf(symbol).valueDeclaration?.initializer?.getText(),
    flagsOf: (type) => typeOf(type).flags,
    objectFlagsOf: (type) => typeOf(type).objectFlags ?? 0,
    isError: (type) => typeOf(type).intrinsicName === 'error',
    isArray: (type) => checker.isArrayType(type),
    isTuple: (type) => checker.isTupleType(type),
    isArrayLike: (type) => checker.isArrayLikeType?.(type) ?? false,
    valueOf(type) {
      const { value, intrinsicName } = typeOf(type);
      if (value === undefined) return intrinsicName === 'true';
      return typeof value === 'object' ? BigInt(`${value.negative ? '-' : ''}${value.base10Value}`) : value;
    },
    typesIn: (type) => typeOf(type).types ?? [],
    textsIn: (type) => typeOf(type).texts ?? [],
    argumentsOf: (type) => checker.getTypeArguments(type),
    targetOf: (type) => typeOf(type).target,
    elementFlagsOf: (target) => typeOf(target).elementFlags ?? [],
    constraintOf: (type) => checker.getBaseConstraintOfType(type),
    symbolOf: (type) => typeOf(type).symbol,
    aliasOf(type) {
      const { aliasSymbol: symbol, aliasTypeArguments: args = [] } = typeOf(type);
      return symbol && { symbol, args };
    },
    propertiesOf: (type) => checker.getPropertiesOfType(type),
    indexesOf: (type) =>
      checker.getIndexInfosOfType(type).map(({ keyType, type: valueType }) => ({ keyType, valueType })),
    textOf: (type) => checker.typeToString(type, undefined, flags),
    signaturesOf: (type) => checker.getSignaturesOfType(type, CALL),
    paramsOf: (signature) => signatureOf(signature).parameters,
    hasRest: (signature) => (signatureOf(signature).flags & HAS_REST) !== 0,
    resultOf: (signature) => checker.getReturnTypeOfSignature(signature),
    declarationOf(signature) {
      const kind = ts.SyntaxKind.FunctionDeclaration as number;
      const node = checker.signatureToSignatureDeclaration(signature, kind, undefined, flags);
      if (node === undefined || file === undefined) return undefined;
      const params = (node.parameters ?? []).map(({ name, questionToken, dotDotDotToken }) => ({
        name: name.escapedText ?? name.text,
        isOptional: questionToken !== undefined,
        isRest: dotDotDotToken !== undefined,
      }));
      const own = params.filter(({ name }) => name !== 'this');
      return { params: own, text: printer.printNode(UNSPECIFIED, node, file) };
    },
    close: () => undefined,
  };
}

/** Of `{@link name text}`, the name and the text are two parts without the space between them. */
function textOf(parts: Parts = []): string {
  return parts.map(({ text, kind }) => (kind === 'linkText' && !/^[\s|]/.test(text) ? ` ${text}` : text)).join('');
}
