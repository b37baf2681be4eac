/** Keeps the location of a source, as `import.meta` and `__dirname` give it, when the source becomes a part of a bundle. */
import { readFileSync } from 'node:fs';
import { relative, sep } from 'node:path';
import type { Plugin } from 'esbuild';
import { matching, withPrefix } from './graph.ts';
import { isStrict } from './signs.ts';

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

const SCRIPT = /\.[cm]?[jt]sx?$/;

/**
 * @param folder of the module; the bundle takes the module's place.
 * @param sources the absolute paths of own sources.
 * @param prefixes what to put before sources: unused-imports.ts.
 */
export function sourceLocation(
  folder: string,
  sources: readonly string[],
  prefixes: ReadonlyMap<string, string>,
): Plugin {
  const located = sources.filter((path) => SCRIPT.test(path) && USES_LOCATION.test(readFileSync(path, 'utf8')));
  return {
    name: 'source-location',
    setup({ onLoad }) {
      // A filter for these files alone: each call costs more than reading a file.
      if (located.length === 0) return;
      onLoad({ filter: matching(located), namespace: 'file' }, ({ path }) => ({
        contents: withLocation(withPrefix(readFileSync(path, 'utf8'), prefixes.get(path)), relative(folder, path)),
        loader: 'default',
      }));
    },
  };
}

/** Adds the definitions to the first line, so that line numbers stay the same. */
function withLocation(source: string, path: string): string {
  const code = source.replace(/^#!/, '//');
  const url = JSON.stringify(encodeURI(path.split(sep).join('/')).replace(/[?#]/g, encodeURIComponent));
  const definitions = [
    isStrict(code) ? "'use strict';" : '',
    `const __launchpoolOwnUrl = new URL(${url}, __launchpoolUrl).href;`,
    "const __launchpoolOwnFile = process.getBuiltinModule('node:url').fileURLToPath(__launchpoolOwnUrl);",
    "const __launchpoolOwnFolder = process.getBuiltinModule('node:path').dirname(__launchpoolOwnFile);",
  ].join(' ');
  return `${definitions} ${code}`;
}
