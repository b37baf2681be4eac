/** The methods of a module. */

import { createDefinitions } from '../../description/definitions.ts';
import type {
  Description,
  DescriptionNote,
  MethodDescription,
  ParamDescription,
} from '../../description/description.ts';
import { methodTexts, resultText } from './comments.ts';
import type { Compiler, ExportedValue, Type } from './compiler.ts';
import { toolFacts } from './mcp-tags.ts';
import { joinParams, paramsOf } from './params.ts';
import type { Reading } from './reading.ts';
import { resultSchemas } from './results.ts';
import { anyOf } from './schema-parts.ts';
import { createTypeSchemas, MAX_TYPES, TooLarge } from './type-schemas.ts';

/** How long the texts of the schemas of a module may be together, in characters of JSON. */
export const MAX_LENGTH = 512 * 1024;
/** How long the signature of a method may be; the rest is left out. */
const MAX_SIGNATURE = 1_000;

/** Describes the functions that a module exports, whether they are methods of an agent or not. */
export function describeExports(compiler: Compiler, maxLength = MAX_LENGTH): Description {
  const definitions = createDefinitions();
  const methods: MethodDescription[] = [];
  const notes: DescriptionNote[] = [];
  let known = new Map<Type, string>();
  let length = 0;
  for (const value of compiler.exports().toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const own: DescriptionNote[] = [];
    const note = (path: string, text: string): void => {
      own.push({ method: value.name, path, text });
    };
    const knownBefore = new Map(known);
    const restore = definitions.save();
    try {
      const method = describeMethod(compiler, value, createTypeSchemas(compiler, definitions, known, note), note);
      if (method === undefined) continue;
      const added = [...known.values()].slice(knownBefore.size).map((name) => definitions.all()[name]);
      const more = JSON.stringify([method, added, own]).length;
      if (length + more > maxLength)
        throw new TooLarge(`the schemas of the module are longer than ${maxLength >> 10} KiB`);
      length += more;
      methods.push(method);
      notes.push(...own);
    } catch (error) {
      if (!(error instanceof TooLarge)) throw error;
      restore();
      known = knownBefore;
      methods.push(withoutSchemas(compiler, value));
      const reason = error.message === '' ? `its types are more than ${MAX_TYPES}` : error.message;
      notes.push({ method: value.name, path: '', text: reason });
    }
  }
  return { format: 1, compiler: compiler.name, methods, $defs: definitions.all(), notes };
}

/** Undefined for an export that is no function. */
function describeMethod(
  compiler: Compiler,
  { name, type, comment }: ExportedValue,
  schemas: Reading,
  note: (path: string, text: string) => void,
): MethodDescription | undefined {
  const signatures = compiler.signaturesOf(type);
  if (signatures.length === 0) return undefined;
  const params = signatures.map((signature) => paramsOf(compiler, schemas, signature, comment));
  const results = signatures.map(({ result }) => resultSchemas(compiler, schemas, result));
  const items = results.map((each) => each.items).filter((each) => each !== undefined);
  const description = resultText(comment);
  const mcp = toolFacts(comment, note);
  return {
    name,
    signature: signatures.map(({ text }) => signatureText(name, text)),
    ...methodTexts(comment),
    ...(mcp && { mcp }),
    params: joinParams(params),
    result: { schema: anyOf(results.map((each) => each.result)), ...(description !== '' && { description }) },
    ...(items.length > 0 && { stream: { items: anyOf(items) } }),
  };
}

function withoutSchemas(compiler: Compiler, { name, type, comment }: ExportedValue): MethodDescription {
  const signatures = compiler.signaturesOf(type);
  const mcp = toolFacts(comment, () => undefined);
  const params = signatures.map((signature) =>
    signature.params.map(
      (param, index): ParamDescription => ({
        name: param.name ?? `param${index + 1}`,
        schema: true,
        required: false,
        ...(param.isRest && { rest: true as const }),
      }),
    ),
  );
  return {
    name,
    signature: signatures.map(({ text }) => signatureText(name, text)),
    ...methodTexts(comment),
    ...(mcp && { mcp }),
    params: joinParams(params),
    result: { schema: true },
  };
}

/** A declaration without a name begins with `function`. */
function signatureText(name: string, declaration: string): string {
  const text = name + declaration.replace(/^(?:export |declare |async )*function\s*/, '').replace(/;$/, '');
  return text.length <= MAX_SIGNATURE ? text : `${text.slice(0, MAX_SIGNATURE)}…`;
}
