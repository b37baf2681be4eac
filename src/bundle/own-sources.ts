/** Has a source go on meaning its own place, by `import.meta` or `__dirname`, when it is a part of a bundle. */
import { readFile } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import { build, type Plugin } from 'esbuild';

/** Only the sources that ask where they are. */
const ASKS = /\bimport\.meta\b|\b__(?:dirname|filename)\b/;

const NAMES = {
  'import.meta.url': '__launchpoolOwnUrl',
  'import.meta.filename': '__launchpoolOwnFile',
  'import.meta.dirname': '__launchpoolOwnFolder',
  __filename: '__launchpoolOwnFile',
  __dirname: '__launchpoolOwnFolder',
};

/** @param folder of the module: the bundle will be in its place. */
export function ownSources(folder: string): Plugin {
  return {
    name: 'own-sources',
    setup({ onLoad }) {
      onLoad({ filter: /\.[cm]?[jt]sx?$/ }, async ({ path }) => {
        if (path.includes(`${sep}node_modules${sep}`)) return undefined;
        if (!ASKS.test(await readFile(path, 'utf8'))) return undefined;
        const { code, errors } = await toJavaScript(path, folder, NAMES);
        return code === undefined ? { errors } : { contents: withPlace(code, relative(folder, path)), loader: 'js' };
      });
    },
  };
}

/** By build() and not by transform(), so that the user's tsconfig.json is found and heeded. */
export async function toJavaScript(
  path: string,
  folder: string,
  define: Readonly<Record<string, string>>,
): Promise<{ code?: string; errors?: { text: string }[] }> {
  try {
    const { outputFiles } = await build({
      entryPoints: [path],
      absWorkingDir: folder,
      bundle: false,
      platform: 'node',
      target: 'node22',
      write: false,
      define,
      sourcemap: 'inline',
      logLevel: 'silent',
    });
    return { code: outputFiles[0]?.text ?? '' };
  } catch (error) {
    return { errors: (error as { errors: { text: string }[] }).errors };
  }
}

/** On the first line, so that the others keep their numbers. */
function withPlace(code: string, path: string): string {
  const [hashbang = ''] = /^#!.*\n/.exec(code) ?? [];
  const url = JSON.stringify(encodeURI(path.split(sep).join('/')).replace(/[?#]/g, encodeURIComponent));
  const place = [
    `const __launchpoolOwnUrl = new URL(${url}, __launchpoolUrl).href;`,
    "const __launchpoolOwnFile = process.getBuiltinModule('node:url').fileURLToPath(__launchpoolOwnUrl);",
    "const __launchpoolOwnFolder = process.getBuiltinModule('node:path').dirname(__launchpoolOwnFile);",
  ].join(' ');
  return `${place} ${code.slice(hashbang.length)}`;
}
