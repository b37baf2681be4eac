/**
 * Imports of TypeScript sources that the compiler removes, because nothing uses what they name. Node runs the imported
 * files all the same. Imports with `type` are not among them.
 */
import { readFileSync } from 'node:fs';
import { type TransformOptions, transform } from 'esbuild';

const IMPORT = /^import (?:.+ from )?"((?:[^"\\]|\\.)*)"(?: with \{.*\})?;$/gm;
const COMMON: TransformOptions = { target: 'node22', legalComments: 'none', logLevel: 'silent' };
const AS_WRITTEN = JSON.stringify({ compilerOptions: { verbatimModuleSyntax: true } });

export type Imports = {
  /** Those that the compiler removes. */
  removed: string[];
  /** All of them, in their order. */
  all: string[];
};

/** Undefined if the compiler keeps them all. */
export async function findUnusedImports(path: string): Promise<Imports | undefined> {
  const source = readFileSync(path, 'utf8');
  if (!/\bimport\b/.test(source)) return undefined;
  const loader = path.endsWith('x') ? 'tsx' : 'ts';
  try {
    const [all, kept] = await Promise.all([
      transform(source, { ...COMMON, loader, tsconfigRaw: AS_WRITTEN }),
      transform(source, { ...COMMON, loader, tsconfigRaw: '{}' }),
    ]);
    const isKept = new Set(specifiersIn(kept.code));
    const specifiers = specifiersIn(all.code);
    const removed = [...new Set(specifiers.filter((specifier) => !isKept.has(specifier)))];
    return removed.length === 0 ? undefined : { removed, all: [...new Set(specifiers)] };
  } catch {
    // The build reports the errors of a source.
    return undefined;
  }
}

function specifiersIn(code: string): string[] {
  return [...code.matchAll(IMPORT)].map(([, specifier]) => JSON.parse(`"${specifier}"`) as string);
}

/**
 * What to put before a source, on its first line, so that all of its imports run in their order.
 * @param absent specifiers that lead nowhere: only types come from there.
 */
export function importsBefore({ removed, all }: Imports, absent: ReadonlySet<string>): string {
  const isNeeded = removed.some((specifier) => !absent.has(specifier));
  const specifiers = isNeeded ? all.filter((specifier) => !absent.has(specifier)) : [];
  return specifiers.map((specifier) => `import ${JSON.stringify(specifier)};`).join('');
}
