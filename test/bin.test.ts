/** The program as the package ships it, on unsupported runtimes. */
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { runProgram } from './helpers/program.ts';

const BIN = fileURLToPath(new URL('../bin/launchpool.cjs', import.meta.url));

for (const [what, versions, expected] of [
  ['an older Node', "node: '20.20.2'", 'launchpool: Node 20.20.2 is too old; use Node 22.20 or later.\n'],
  ['a Node 22 that is too old', "node: '22.19.0'", 'launchpool: Node 22.19.0 is too old; use Node 22.20 or later.\n'],
  ['Bun', "bun: '1.3.0'", /^launchpool: Bun cannot listen on an inherited socket; [^\n]+\n$/],
] as const) {
  for (const command of ['run', 'dev', 'call', '--help']) {
    test(`${what} gets one line with the required version: ${command}`, async (t) => {
      const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, ${versions} } })`;
      const preload = `data:text/javascript,${encodeURIComponent(pretend)}`;
      const { status, stdout, stderr } = await runProgram([process.execPath, '--import', preload, BIN, command]);
      t.is(status, 69);
      t.is(stdout.toString(), '');
      if (typeof expected === 'string') t.is(stderr, expected);
      else t.regex(stderr, expected);
    });
  }
}
