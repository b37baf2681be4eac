/** Keeps the location of a source, as `import.meta` and `__dirname` give it, when the source becomes a part of a bundle. */
import { readFile } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import type { Plugin } from 'esbuild';

/** Matches the sources that use their location; the others are not changed. */
const USES_LOCATION = /\bimport\.meta\b|\b__(?:dirname|filename)\b/;

/** The replacements for esbuild's `define`. Packages that use their location are never bundled. */
export const LOCATION_DEFINES: Readonly<Record<string, string>> = {
  'import.meta.url': '__launchpoolOwnUrl',
  'import.meta.filename': '__launchpoolOwnFile',
  'import.meta.dirname': '__launchpoolOwnFolder',
  __filename: '__launchpoolOwnFile',
  __dirname: '__launchpoolOwnFolder',
};

const STRICT = /^(?:\s|\/\/.*\n|\/\*[\s\S]*?\*\/)*(['"])use strict\1/;

/** @param folder of the module; the bundle takes the module's place. */
export function sourceLocation(folder: string): Plugin {
  return {
    name: 'source-location',
    setup({ onLoad }) {
      onLoad({ filter: /\.[cm]?[jt]sx?$/, namespace: 'file' }, async ({ path }) => {
        const source = await readFile(path, 'utf8');
        if (!USES_LOCATION.test(source)) return undefined;
        return { contents: withLocation(source, relative(folder, path)), loader: 'default' };
      });
    },
  };
}

/** Adds the definitions to the first line, so that line numbers stay the same. */
function withLocation(source: string, path: string): string {
  const code = source.replace(/^#!/, '//');
  const url = JSON.stringify(encodeURI(path.split(sep).join('/')).replace(/[?#]/g, encodeURIComponent));
  const definitions = [
    STRICT.test(code) ? "'use strict';" : '',
    `const __launchpoolOwnUrl = new URL(${url}, __launchpoolUrl).href;`,
    "const __launchpoolOwnFile = process.getBuiltinModule('node:url').fileURLToPath(__launchpoolOwnUrl);",
    "const __launchpoolOwnFolder = process.getBuiltinModule('node:path').dirname(__launchpoolOwnFile);",
  ].join(' ');
  return `${definitions} ${code}`;
}
