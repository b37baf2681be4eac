/** The compiler's options for one module: those of its project, and what reading its types needs. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { getTsconfig } from 'get-tsconfig';

export type ProjectOptions = {
  /** The path of the nearest tsconfig.json, whether it lists the module or not. */
  tsconfig: string | undefined;
  /** The folders in which declarations of packages such as `@types/node` are; undefined if the project names its own. */
  typeRoots: string[] | undefined;
};

/** For a module without a project. */
const PLAIN = {
  target: 'esnext',
  module: 'nodenext',
  moduleResolution: 'nodenext',
  strict: true,
};

/** Take precedence over those of the project. */
export const ownOptions = {
  allowJs: true,
  checkJs: false,
  // Without it, a type says nothing of null.
  strictNullChecks: true,
  allowImportingTsExtensions: true,
  resolveJsonModule: true,
  skipLibCheck: true,
  noEmit: true,
  emitDeclarationOnly: false,
  composite: false,
  incremental: false,
  declaration: false,
  declarationMap: false,
};

export function projectOptionsOf(module: string): ProjectOptions {
  const found = readTsconfig(module);
  return {
    tsconfig: found?.path,
    typeRoots: found?.config.compilerOptions?.typeRoots === undefined ? typeRootsAbove(module) : undefined,
  };
}

/** The options of a module without a project; with one, none but the type roots. */
export function plainOptions({ tsconfig, typeRoots }: ProjectOptions): object {
  return { ...(tsconfig === undefined ? PLAIN : {}), ...(typeRoots && { typeRoots }) };
}

function readTsconfig(module: string): ReturnType<typeof getTsconfig> {
  try {
    return getTsconfig(module);
  } catch {
    // The bundle has failed for the same reason, or has not needed it.
    return null;
  }
}

/** As the compiler finds them from the folder of a tsconfig.json. */
function typeRootsAbove(module: string): string[] {
  const roots: string[] = [];
  for (let at = dirname(module); ; at = dirname(at)) {
    const root = join(at, 'node_modules', '@types');
    if (existsSync(root)) roots.push(root);
    if (at === dirname(at)) return roots;
  }
}
