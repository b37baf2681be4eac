/** A source as tokens and as a tree. */
import { type Node, parse, type Token } from 'acorn';
import { transform } from 'esbuild';

export type Kind = { path: string; format: 'cjs' | 'esm' | undefined };

export type Parsed = { tokens: Token[]; program: Node };

/** @throws for what can be read neither as JavaScript nor by the compiler. */
export async function parseSource(source: string, kind: Kind): Promise<Parsed> {
  return parseAsIs(source, kind) ?? parseScript(await javaScriptOf(source, kind.path), 'module');
}

/** Undefined for what is no JavaScript, or not as its kind of module has it. */
function parseAsIs(source: string, { path, format }: Kind): Parsed | undefined {
  if (!/\.[cm]?js$/.test(path)) return undefined;
  try {
    return parseScript(source, format === 'esm' ? 'module' : 'script');
  } catch {
    return undefined;
  }
}

function parseScript(source: string, sourceType: 'module' | 'script'): Parsed {
  const tokens: Token[] = [];
  const options = { ecmaVersion: 'latest', sourceType, allowReturnOutsideFunction: true, onToken: tokens } as const;
  return { program: parse(source, options), tokens };
}

async function javaScriptOf(source: string, path: string): Promise<string> {
  const loader = /\.[cm]?js$/.test(path)
    ? 'js'
    : /\.[cm]?ts$/.test(path)
      ? 'ts'
      : path.endsWith('.tsx')
        ? 'tsx'
        : 'jsx';
  const { code } = await transform(source, { loader, legalComments: 'none', target: 'node22' });
  return code;
}

/** Whether a module awaits outside of its functions. */
export function awaitsAtTop(node: unknown): boolean {
  if (Array.isArray(node)) return node.some(awaitsAtTop);
  if (typeof node !== 'object' || node === null || !('type' in node)) return false;
  if (/Function/.test(String(node.type))) return false;
  if (node.type === 'AwaitExpression' || ('await' in node && node.await === true)) return true;
  return Object.values(node).some(awaitsAtTop);
}
