/** Compiles a single source to JavaScript, for the tracer, which reads nothing else. */
import { dirname } from 'node:path';
import { build } from 'esbuild';

/** Uses build() instead of transform(), because build() reads the user's tsconfig.json. Undefined for a faulty source. */
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
    // compile.ts reports the errors of the sources that matter.
    return undefined;
  }
}
