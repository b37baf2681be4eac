/** `launchpool describe` as a program, and the lists of methods that `call` and `repl` print. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Description } from '../../../description/description.ts';
import { DESCRIPTION_FILE, descriptionText } from '../../../description/description-file.ts';
import type { InstallRecord } from '../../../src/installed/record.ts';
import { ENTRY, holdAgent } from '../../helpers/agent.ts';
import { recordInstalled } from '../../helpers/install-record.ts';
import { type Finished, runProgram } from '../../helpers/program.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const LABEL = 'com.example.calc';

const DESCRIPTION: Description = {
  format: 1,
  compiler: 'typescript 7.0.2',
  package: { name: 'calc', version: '1.2.3' },
  methods: [
    {
      name: 'add',
      signature: ['add(a: number, b?: number): number'],
      summary: 'Adds two numbers.',
      description: 'Adds two numbers.\n\nAnd says no more.',
      deprecated: 'use sum',
      examples: ['add(1, 2)'],
      throws: ['RangeError for infinity'],
      params: [
        { name: 'a', schema: { type: 'number' }, required: true, description: `the first ${'long '.repeat(20)}end` },
        { name: 'b', schema: { type: 'number' }, required: false },
      ],
      result: { schema: { type: 'number' }, description: 'the sum' },
    },
    {
      name: 'greet',
      signature: ['greet(user: User): string'],
      params: [{ name: 'user', schema: { $ref: '#/$defs/User' }, required: true }],
      result: { schema: { type: 'string' } },
    },
  ],
  $defs: { User: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] } },
  notes: [{ method: 'greet', path: 'params.user.re', text: 'a RegExp cannot be sent' }],
};

type Installed = (...args: string[]) => Promise<Finished>;

/** An installation without a supervisor. @param text of its description; undefined for none. */
async function installed(t: ExecutionContext, text?: string, changes: Partial<InstallRecord> = {}): Promise<Installed> {
  const home = await tempDir(t);
  const env = { PATH: '/nowhere', HOME: home, XDG_RUNTIME_DIR: home };
  const { versions } = recordInstalled(LABEL, { home, env }, () => ({ methods: ['add', 'greet'], ...changes }));
  mkdirSync(join(versions, 'abc'), { recursive: true });
  if (text !== undefined) writeFileSync(join(versions, 'abc', DESCRIPTION_FILE), text);
  return (...args) => runProgram([process.execPath, ENTRY, ...args], { env });
}

const ALL = `com.example.calc 1.2.3, 2 methods

add(a: number, b?: number): number
  Adds two numbers.
  Deprecated: use sum
  a: the first long long long long long long long long long long long long
    long long long long long long long long end
  Returns the sum
  Throws RangeError for infinity

greet(user: User): string
  Not described: params.user.re: a RegExp cannot be sent
`;

test('describe prints the methods of an installed agent without a supervisor or a process', async (t) => {
  const run = await installed(t, descriptionText(DESCRIPTION));
  const { stdout, stderr, status } = await run('describe', LABEL);
  t.deepEqual([stdout.toString(), stderr, status], [ALL, '', 0]);
});

test('describe with a method prints its whole comment and examples of calls', async (t) => {
  const run = await installed(t, descriptionText(DESCRIPTION));
  const { stdout, status } = await run('describe', LABEL, 'add');
  t.is(status, 0);
  const text = stdout.toString();
  t.true(text.includes('\n  Adds two numbers.\n\n  And says no more.\n'), text);
  t.true(text.includes('\nExample:\n  add(1, 2)\n'), text);
  t.true(text.includes('\nShell:\n  launchpool call com.example.calc add 1\n'), text);
  t.true(text.includes('\n  console.log(await agent.add(1));\n'), text);
  t.true(text.includes('\n      print(agent.call("add", 1))\n'), text);
  const { stdout: greet } = await run('describe', LABEL, 'greet');
  t.true(greet.toString().includes(`\n  launchpool call com.example.calc greet '{"name":"text"}'\n`), greet.toString());
});

test('--json prints the OpenRPC document, with a method that one alone', async (t) => {
  const run = await installed(t, descriptionText(DESCRIPTION));
  const { result } = JSON.parse((await run('describe', LABEL, '--json')).stdout.toString());
  t.like(result, { openrpc: '1.3.2', info: { title: LABEL, version: '1.2.3' } });
  t.deepEqual(
    result.methods.map(({ name }: { name: string }) => name),
    ['add', 'greet'],
  );
  const one = JSON.parse((await run('describe', LABEL, 'greet', '--json')).stdout.toString());
  t.deepEqual(one, { result: { ...result, methods: [result.methods[1]] } });
});

test('an unknown method, a raw agent, an earlier installation and another label are errors that say what to do', async (t) => {
  const described = await installed(t, descriptionText(DESCRIPTION));
  const raw = await installed(t, descriptionText({ ...DESCRIPTION, methods: [] }), { kind: 'raw', methods: [] });
  const earlier = await installed(t);
  const damaged = await installed(t, '{');
  const cases: [Installed, string[], number, RegExp][] = [
    [
      described,
      [LABEL, 'ad'],
      64,
      /no method "ad" .*METHOD_NOT_FOUND.*\n {2}Did you mean add\? Its methods: add, greet\./,
    ],
    [described, [LABEL, 'multiply'], 64, /\n {2}Its methods: add, greet\./],
    [described, ['com.example.other'], 66, /no agent is installed as com\.example\.other/],
    [raw, [LABEL], 66, /is a raw agent.*NOT_DESCRIBED.*\n.*launchpool call com\.example\.calc --raw/],
    [earlier, [LABEL], 66, /has no description.*\n.*launchpool upgrade com\.example\.calc/],
    [damaged, [LABEL], 66, /has no description/],
  ];
  for (const [run, args, expected, text] of cases) {
    const { status, stderr, stdout } = await run('describe', ...args);
    t.is(status, expected, stderr);
    t.regex(stderr, text);
    t.is(stdout.length, 0);
  }
  const { stdout } = await earlier('describe', LABEL, '--json');
  t.is(JSON.parse(stdout.toString()).error.code, 'ERR_LAUNCHPOOL_NOT_DESCRIBED');
});

test('call without a method lists the methods of an installed agent', async (t) => {
  const run = await installed(t, descriptionText(DESCRIPTION));
  const { status, stderr } = await run('call', LABEL);
  t.is(status, 64);
  t.is(
    stderr,
    `launchpool: the method is missing (ERR_LAUNCHPOOL_OPTION_INVALID)
  The methods of com.example.calc:
    add(a: number, b?: number): number
        Adds two numbers.
    greet(user: User): string
`,
  );
  const earlier = await (await installed(t))('call', LABEL);
  t.is(earlier.status, 64);
  t.regex(earlier.stderr, /the method is missing.*\n {2}Its methods are not known: .* has no description/);
  const missing = await run('call', 'com.example.other', '--json');
  t.is(missing.status, 64);
  t.regex(JSON.parse(missing.stdout.toString()).error.hint, /no agent is installed/);
});

async function agentSocket(t: ExecutionContext, source: string): Promise<string> {
  const module = join(await tempDir(t), 'calc.agent.mjs');
  writeFileSync(module, source);
  return (await holdAgent(t, module)).socketPath;
}

const SOURCE = 'export const add = (a, b) => a + b;\nexport const greet = async (name) => name;\n';
const run: Installed = (...args) => runProgram([process.execPath, ENTRY, ...args]);

test('at the path of a socket, the running agent is asked', async (t) => {
  const socket = await agentSocket(t, SOURCE);
  const { stdout, status, stderr } = await run('describe', socket);
  t.deepEqual([status, stderr], [0, '']);
  t.regex(
    stdout.toString(),
    /^calc 0\.0\.0, 2 methods\nWithout types: .*\n\nadd\(param1, param2\)\n\ngreet\(param1\)\n$/s,
  );
  const called = await run('call', socket);
  t.is(called.status, 64);
  t.regex(
    called.stderr,
    /the method is missing.*\n {2}The methods of .*:\n {4}add\(param1, param2\)\n {4}greet\(param1\)\n$/,
  );
  const unknown = await run('call', socket, 'great');
  t.is(unknown.status, 1);
  t.regex(unknown.stderr, /no method "great".*\n {2}Did you mean greet\? Its methods: add, greet\.\n$/);
});

test('what is no OpenRPC document is refused', async (t) => {
  const answer =
    'Buffer.from(JSON.stringify({ jsonrpc: "2.0", id: JSON.parse(String(Buffer.from(message))).id, result: { methods: [1] } }))';
  const socket = await agentSocket(t, `export default (message) => ${answer};\n`);
  const { status, stderr } = await run('describe', socket);
  t.is(status, 76, stderr);
  t.regex(stderr, /the result of rpc\.discover is no OpenRPC document \(ERR_LAUNCHPOOL_REPLY_INVALID\)/);
});
