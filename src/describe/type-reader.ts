/** Answers the questions of the description over an API of TypeScript. */
import type {
  Comment,
  Compiler,
  ExportedValue,
  Param,
  Property,
  Shape,
  Signature,
  TupleElement,
  Type,
  TypeName,
} from './compiler.ts';
import type { CallSignature, CompilerApi, Declaration, NameSymbol } from './compiler-api.ts';

/** The files in which the language and Node declare their types. */
const BUILT_IN = /(?:^|\/)lib\.[\w.]+\.d\.ts$|\/node_modules\/(?:@types\/node|undici-types|buffer)\//;
/** How the compiler names properties whose names are symbols: `__@iterator@53`. */
const SYMBOL_NAME = /^__@(.*?)(?:@\d+)?$/;

export function createTypeReader(api: CompilerApi): Compiler {
  const { typeFlags, objectFlags, symbolFlags, elementFlags } = api;
  const has = (type: Type, ...names: string[]): boolean =>
    names.some((name) => (api.flagsOf(type) & (typeFlags[name] as number)) !== 0);
  const isObject = (type: Type, name: string): boolean =>
    has(type, 'Object') && (api.objectFlagsOf(type) & (objectFlags[name] as number)) !== 0;
  const isSymbol = (symbol: NameSymbol, name: string): boolean =>
    (api.symbolFlagsOf(symbol) & (symbolFlags[name] as number)) !== 0;
  const isBuiltIn = (symbol: NameSymbol): boolean => api.filesOf(symbol).some((file) => BUILT_IN.test(file));
  const argumentsOf = (type: Type): readonly Type[] => (isObject(type, 'Reference') ? api.argumentsOf(type) : []);
  const typed = (symbols: readonly NameSymbol[]): [NameSymbol, Type][] => {
    const types = api.typesOf(symbols);
    return symbols.flatMap((symbol, index) => {
      const type = types[index];
      return type === undefined ? [] : [[symbol, type] as [NameSymbol, Type]];
    });
  };

  const membersOf = cached((type) => api.propertiesOf(type));

  function commentOf(symbol: NameSymbol): Comment {
    return { text: api.commentOf(symbol), tags: api.tagsOf(symbol) };
  }

  function exports(): ExportedValue[] {
    const found = api.exports().map((symbol) => ({
      name: api.nameOf(symbol),
      symbol: isSymbol(symbol, 'Alias') ? api.aliased(symbol) : symbol,
    }));
    const types = api.typesOf(found.map(({ symbol }) => symbol));
    return found.flatMap(({ name, symbol }, index) => {
      const type = types[index];
      if (type === undefined || !isSymbol(symbol, 'Value')) return [];
      return [{ name, type, comment: commentOf(symbol) }];
    });
  }

  function shapeOf(type: Type): Shape {
    if (has(type, 'Any')) return { kind: api.isError(type) ? 'unresolved' : 'any' };
    if (has(type, 'Unknown')) return { kind: 'unknown' };
    if (has(type, 'Never')) return { kind: 'never' };
    if (has(type, 'Undefined', 'Void')) return { kind: 'undefined' };
    if (has(type, 'Null')) return { kind: 'null' };
    if (has(type, 'Union')) return { kind: 'union', types: api.typesIn(type) };
    if (has(type, 'Intersection')) return { kind: 'intersection', types: api.typesIn(type) };
    if (has(type, 'StringLiteral', 'NumberLiteral', 'BigIntLiteral', 'BooleanLiteral'))
      return { kind: 'literal', value: api.valueOf(type), isEnum: has(type, 'EnumLiteral') };
    if (has(type, 'Enum')) return { kind: 'number' };
    if (has(type, 'TemplateLiteral')) return { kind: 'template', texts: api.textsIn(type), types: api.typesIn(type) };
    if (has(type, 'String', 'StringMapping')) return { kind: 'string' };
    if (has(type, 'Number')) return { kind: 'number' };
    if (has(type, 'Boolean')) return { kind: 'boolean' };
    if (has(type, 'BigInt')) return { kind: 'bigint' };
    if (has(type, 'ESSymbol', 'UniqueESSymbol')) return { kind: 'symbol' };
    if (has(type, 'NonPrimitive')) return { kind: 'nonPrimitive' };
    if (!has(type, 'Object')) return { kind: 'open', constraint: constraintOf(type) };
    if (api.isTuple(type)) return { kind: 'tuple', elements: elementsOf(type) };
    const [item] = api.isArray(type) ? argumentsOf(type) : [];
    if (item !== undefined) return { kind: 'array', item };
    const own =
      isObject(type, 'ClassOrInterface') && api.isArrayLike(type)
        ? indexesOf(type).find(({ key }) => has(key, 'Number'))
        : undefined;
    return own === undefined ? { kind: 'object' } : { kind: 'array', item: own.value };
  }

  function constraintOf(type: Type): Type | undefined {
    const constraint = api.constraintOf(type);
    return constraint === type ? undefined : constraint;
  }

  function elementsOf(type: Type): TupleElement[] {
    const flags = api.elementFlagsOf(api.targetOf(type));
    return argumentsOf(type).map((element, index) => {
      const is = (name: string): boolean => ((flags[index] ?? 0) & (elementFlags[name] as number)) !== 0;
      return { type: element, isOptional: is('Optional'), isRest: is('Rest') || is('Variadic') };
    });
  }

  function nameOf(type: Type): TypeName | undefined {
    const alias = api.aliasOf(type);
    if (alias !== undefined) return named(alias.symbol, alias.args);
    if (!has(type, 'Object') || !isObject(type, 'ClassOrInterface')) {
      if (!isObject(type, 'Reference') || api.isTuple(type) || api.isArray(type)) return undefined;
    }
    const symbol = api.symbolOf(type);
    if (symbol === undefined || !isSymbol(symbol, 'Interface')) return undefined;
    return named(symbol, argumentsOf(type));
  }

  /** The arguments of an interface include itself, as the type of `this`. */
  function named(symbol: NameSymbol, args: readonly Type[]): TypeName {
    const own = args.filter((arg) => !(has(arg, 'TypeParameter') && api.symbolOf(arg) === symbol));
    return { name: api.nameOf(symbol), args: own, isBuiltIn: isBuiltIn(symbol), comment: commentOf(symbol) };
  }

  function propertiesOf(type: Type): Property[] {
    const symbols = membersOf(type).filter((symbol) => !SYMBOL_NAME.test(api.nameOf(symbol)));
    return typed(symbols).map(([symbol, of]) => ({
      name: api.nameOf(symbol),
      type: of,
      isOptional: isSymbol(symbol, 'Optional'),
      comment: () => commentOf(symbol),
    }));
  }

  function symbolPropertyOf(type: Type, name: string): Type | undefined {
    if (!has(type, 'Object', 'Intersection')) return undefined;
    const found = membersOf(type).find((symbol) => SYMBOL_NAME.exec(api.nameOf(symbol))?.[1] === name);
    return found === undefined ? undefined : api.typesOf([found])[0];
  }

  function indexesOf(type: Type): { key: Type; value: Type }[] {
    return api.indexesOf(type).map(({ keyType, valueType }) => ({ key: keyType, value: valueType }));
  }

  function callsOf(type: Type): { params: readonly Type[]; result: Type }[] {
    return api.signaturesOf(type).flatMap((signature) => {
      const result = api.resultOf(signature);
      return result === undefined ? [] : [{ params: typed(api.paramsOf(signature)).map(([, of]) => of), result }];
    });
  }

  function signatureOf(signature: CallSignature): Signature | undefined {
    const result = api.resultOf(signature);
    if (result === undefined) return undefined;
    const declared = api.declarationOf(signature) ?? declarationOfTypes(signature, result);
    const symbols = api.paramsOf(signature);
    const last = symbols.length - 1;
    const params = typed(symbols).flatMap(([symbol, type], index): Param[] => {
      const { name, isOptional = false, isRest = false } = declared.params[index] ?? { name: api.nameOf(symbol) };
      const comment = api.commentOf(symbol);
      // A declaration has the elements of `...args: [a: string, b: number]` in its place.
      if (index === last && api.hasRest(signature) && isObject(type, 'Reference') && api.isTuple(type)) {
        return elementsOf(type).map((element, at) => ({
          name: declared.params[index + at]?.name,
          type: element.type,
          isOptional: element.isOptional,
          isRest: element.isRest,
          initializer: undefined,
          comment,
        }));
      }
      // Not the array, but what is in it: of `...rest: string[]`.
      const [item] = isRest ? argumentsOf(type) : [];
      const initializer = api.initializerOf(symbol);
      return [{ name, type: item ?? type, isOptional, isRest, initializer, comment }];
    });
    return { params, result, text: oneLine(declared.text) };
  }

  /** For a signature that the compiler cannot declare. */
  function declarationOfTypes(signature: CallSignature, result: Type): Declaration {
    const symbols = api.paramsOf(signature);
    const params = symbols.map((symbol, index) => ({
      name: /^__\d+$/.test(api.nameOf(symbol)) ? undefined : api.nameOf(symbol),
      isOptional: false,
      isRest: index === symbols.length - 1 && api.hasRest(signature),
    }));
    const texts = typed(symbols).map(([symbol, type]) => `${api.nameOf(symbol)}: ${api.textOf(type)}`);
    return { params, text: `function (${texts.join(', ')}): ${api.textOf(result)}` };
  }

  return {
    name: api.name,
    exports,
    shapeOf: cached(shapeOf),
    textOf: cached((type) => oneLine(api.textOf(type))),
    nameOf: cached(nameOf),
    propertiesOf: cached(propertiesOf),
    symbolPropertyOf,
    indexesOf,
    signaturesOf: cached((type) => api.signaturesOf(type).flatMap((signature) => signatureOf(signature) ?? [])),
    callsOf: cached(callsOf),
    isFunction: cached((type) => has(type, 'Object', 'Intersection') && api.signaturesOf(type).length > 0),
    classOf(type) {
      const symbol = isObject(type, 'Class') || isObject(type, 'Reference') ? api.symbolOf(type) : undefined;
      return symbol !== undefined && isSymbol(symbol, 'Class') ? api.nameOf(symbol) : undefined;
    },
    builtInOf(type) {
      const symbol = has(type, 'Object') ? api.symbolOf(type) : undefined;
      if (symbol === undefined || !isBuiltIn(symbol)) return undefined;
      return { name: api.nameOf(symbol), args: argumentsOf(type) };
    },
    close: api.close,
  };
}

/** Each question to the native compiler is a message. */
function cached<Answer>(ask: (type: Type) => Answer): (type: Type) => Answer {
  const answers = new Map<Type, { answer: Answer }>();
  return (type) => {
    const known = answers.get(type) ?? { answer: ask(type) };
    answers.set(type, known);
    return known.answer;
  };
}

/** A printer breaks object types into lines. */
function oneLine(text: string): string {
  return text
    .replaceAll(/([[(])\s*\n\s*/g, '$1')
    .replaceAll(/\s*\n\s*([\])])/g, '$1')
    .replaceAll(/\s*\n\s*/g, ' ')
    .trim();
}
