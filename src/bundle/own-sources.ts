/** Has a source go on meaning its own place, by `import.meta` or `__dirname`, when it is a part of a bundle. */
import { readFile } from 'node:fs/promises';
import { dirname, relative, sep } from 'node:path';
import { build, type Plugin } from 'esbuild';

/** Only the sources that ask where they are. */
const ASKS = /\bimport\.meta\b|\b__(?:dirname|filename)\b/;

/** For `define`: what each of these stands for. Packages that use them are never in a bundle. */
export const OWN_PLACE: Readonly<Record<string, string>> = {
  'import.meta.url': '__launchpoolOwnUrl',
  'import.meta.filename': '__launchpoolOwnFile',
  'import.meta.dirname': '__launchpoolOwnFolder',
  __filename: '__launchpoolOwnFile',
  __dirname: '__launchpoolOwnFolder',
};

const STRICT = /^(?:\s|\/\/.*\n|\/\*[\s\S]*?\*\/)*(['"])use strict\1/;

/** @param folder of the module: the bundle will be in its place. */
export function ownSources(folder: string): Plugin {
  return {
    name: 'own-sources',
    setup({ onLoad }) {
      onLoad({ filter: /\.[cm]?[jt]sx?$/, namespace: 'file' }, async ({ path }) => {
        const source = await readFile(path, 'utf8');
        if (!ASKS.test(source)) return undefined;
        return { contents: withPlace(source, relative(folder, path)), loader: 'default' };
      });
    },
  };
}

/** For readers of JavaScript. By build() and not by transform(), so that the user's tsconfig.json is heeded. */
export async function toJavaScript(path: string): Promise<string | undefined> {
  try {
    const { outputFiles } = await build({
      entryPoints: [path],
      absWorkingDir: dirname(path),
      bundle: false,
      platform: 'node',
      target: 'node22',
      write: false,
      logLevel: 'silent',
    });
    return outputFiles[0]?.text;
  } catch {
    // What is wrong with it is said by compile.ts, where it matters.
    return undefined;
  }
}

/** On the first line, so that the others keep their numbers. */
function withPlace(source: string, path: string): string {
  const code = source.replace(/^#!/, '//');
  const url = JSON.stringify(encodeURI(path.split(sep).join('/')).replace(/[?#]/g, encodeURIComponent));
  const place = [
    STRICT.test(code) ? "'use strict';" : '',
    `const __launchpoolOwnUrl = new URL(${url}, __launchpoolUrl).href;`,
    "const __launchpoolOwnFile = process.getBuiltinModule('node:url').fileURLToPath(__launchpoolOwnUrl);",
    "const __launchpoolOwnFolder = process.getBuiltinModule('node:path').dirname(__launchpoolOwnFile);",
  ].join(' ');
  return `${place} ${code}`;
}
