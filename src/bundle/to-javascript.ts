/** Compiles a single source to JavaScript, for the tracer, which reads nothing else. */
import { dirname } from 'node:path';
import { build } from 'esbuild';
import { SINGLE } from './graph.ts';

/** Uses build() instead of transform(), because build() reads the user's tsconfig.json. Undefined for a faulty source. */
export async function toJavaScript(path: string): Promise<string | undefined> {
  try {
    const { outputFiles } = await build({
      ...SINGLE,
      entryPoints: [path],
      absWorkingDir: dirname(path),
    });
    return outputFiles[0]?.text;
  } catch {
    // graph.ts reports the errors of the sources that matter.
    return undefined;
  }
}
