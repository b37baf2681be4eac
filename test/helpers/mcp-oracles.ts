/** Clients and servers of MCP that tests compare with, from a package.json of their own: `npm ci --prefix packages/mcp`. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { NotTested } from './not-tested.ts';

const folder = new URL('../../packages/mcp/', import.meta.url);

/** @throws NotTested if the packages are not installed. */
export async function loadMcpOracle<Exports>(name: string): Promise<Exports> {
  return (await import(mcpOraclePath(name))) as Exports;
}

/** The path of the program of a package. @throws NotTested if the packages are not installed. */
export function mcpOracleProgram(name: string, file: string): string {
  const path = fileURLToPath(new URL(`node_modules/${name}/${file}`, folder));
  if (!existsSync(path)) throw new NotTested('needs npm ci --prefix packages/mcp');
  return path;
}

/** The URL of a module of a package. @throws NotTested if the packages are not installed. */
function mcpOraclePath(name: string): string {
  try {
    // The entry for `import` may be the only one.
    const { resolve } = createRequire(fileURLToPath(new URL('package.json', folder)));
    return pathToFileURL(resolve(name)).href;
  } catch {
    throw new NotTested('needs npm ci --prefix packages/mcp');
  }
}
