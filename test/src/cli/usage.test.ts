/** Errors of usage: each names what is wrong, and where the help is. */
import test from 'ava';
import { ENTRY } from '../../helpers/agent.ts';
import { runProgram } from '../../helpers/program.ts';

const CASES: readonly [args: string, status: number, text: RegExp][] = [
  ['install --lable x a.ts', 64, /unknown option '--lable'.*--label\?.*launchpool install --help/s],
  ['install a.ts', 64, /required option '--label <LABEL>' not specified.*launchpool install --help/s],
  ['calll x', 64, /unknown command 'calll'.*call\?/s],
  ['call', 64, /missing required argument 'target'.*launchpool call --help/s],
  ['dev a.ts --idle soon', 64, /--idle soon: not a number.*launchpool dev --help/s],
  ['call /tmp/no.sock a {bad', 64, /\{bad: Expected property name or '\}' in JSON at position 1/],
  ['call /tmp/no.sock a [1,2', 64, /position 4/],
  ['call /tmp/no.sock a -', 64, /standard input is empty, not JSON.*Pipe one JSON value/s],
  [
    'log-level com.example.no loud',
    64,
    /loud: not a level\. The levels are trace, debug, info, warn, error, fatal, silent/,
  ],
  ['repl /tmp/no.sock', 69, /cannot connect to \/tmp\/no\.sock/],
];

for (const [args, status, text] of CASES) {
  test(`launchpool ${args}`, async (t) => {
    const ran = await runProgram([process.execPath, ENTRY, ...args.split(' ')], { input: '' });
    t.is(ran.status, status);
    t.regex(ran.stderr, text);
    t.notRegex(ran.stderr, /\n {4}at /);
  });
}
