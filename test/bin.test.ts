/** The program as the package ships it, on Nodes that will not do. */
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { runProgram } from './helpers/program.ts';

const BIN = fileURLToPath(new URL('../bin/launchpool.cjs', import.meta.url));

for (const [what, versions, said] of [
  ['an older Node', "node: '20.20.2'", 'launchpool: this is Node 20.20.2, and 22.20 or later is needed.\n'],
  ['a Node 22 that is too old', "node: '22.19.0'", 'launchpool: this is Node 22.19.0, and 22.20 or later is needed.\n'],
  ['Bun', "bun: '1.3.0'", /^launchpool: Bun cannot listen on an inherited socket; [^\n]+\n$/],
] as const) {
  for (const command of ['run', 'dev', 'call', '--help']) {
    test(`${what} is told so in one line: ${command}`, async (t) => {
      const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, ${versions} } })`;
      const preload = `data:text/javascript,${encodeURIComponent(pretend)}`;
      const { status, stdout, stderr } = await runProgram([process.execPath, '--import', preload, BIN, command]);
      t.is(status, 69);
      t.is(stdout.toString(), '');
      if (typeof said === 'string') t.is(stderr, said);
      else t.regex(stderr, said);
    });
  }
}
