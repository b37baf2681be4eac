import test from 'ava';
import fc from 'fast-check';
import { mergedToml, serverInToml, tomlText } from '../../../../src/mcp/clients/toml-config.ts';
import { tomlStatements } from '../../../../src/mcp/clients/toml-statements.ts';
import { loadMcpOracle } from '../../../helpers/mcp-oracles.ts';
import { declareWith } from '../../../helpers/not-tested.ts';

const tested = declareWith(test);
const FILE = { section: 'mcp_servers' };
const entry = { name: 'tools', command: '/usr/bin/node', args: ['/x/launchpool', 'mcp', 'com.example."tools"'] };
const withEnv = { ...entry, env: { XDG_DATA_HOME: '/d' } };

type Toml = { parse(text: string): Record<string, unknown>; stringify(value: object): string };

const WHOLE = `# Codex
model = "gpt" # the model
notice = """
[mcp_servers.tools]
command = "not a table" """

[projects."/home/a.b"]
trust_level = 'trusted'
list = [
  "[mcp_servers.tools]", # ]
  1,
]

[mcp_servers.other] # keep
command = "npx"
args = ["-y", "x"]
`;

test('a server that is missing is added at the end, and everything else stays', (t) => {
  t.is(mergedToml('', entry, FILE), tomlText(entry, FILE));
  t.is(mergedToml(WHOLE, entry, FILE), `${WHOLE}\n${tomlText(entry, FILE)}`);
  t.is(mergedToml('a = 1', entry, FILE), `a = 1\n\n${tomlText(entry, FILE)}`);
  t.is(serverInToml(WHOLE, FILE, 'tools'), undefined);
});

test('of a server that is there, only the own keys change', (t) => {
  const before = `[mcp_servers.tools] # mine
startup_timeout_sec = 20
args = ["old", # comment
  "mcp"] # behind
command = 'old'
[mcp_servers.tools.tools.add]
approval_mode = "approve"
[other]
command = "x"`;
  const after = mergedToml(before, withEnv, FILE);
  t.is(
    after,
    `[mcp_servers.tools] # mine
env = { "XDG_DATA_HOME" = "/d" }
startup_timeout_sec = 20
args = ["/x/launchpool", "mcp", "com.example.\\"tools\\""] # behind
command = "/usr/bin/node"
[mcp_servers.tools.tools.add]
approval_mode = "approve"
[other]
command = "x"`,
  );
  t.is(mergedToml(after, withEnv, FILE), after);
  t.true(serverInToml(after, FILE, 'tools')?.includes('"mcp"'));
});

test('a table of variables within the table stays', (t) => {
  const before = `[mcp_servers.tools]\ncommand = "x"\n[mcp_servers.tools.env]\nA = "1"\n`;
  const after = mergedToml(before, withEnv, FILE);
  t.false(after.includes('env ='));
  t.true(after.endsWith('[mcp_servers.tools.env]\nA = "1"\n'));
});

test('other forms of the table, and what is no TOML, are refused', (t) => {
  for (const text of [
    'mcp_servers = { tools = { command = "x" } }',
    '[mcp_servers]\ntools = { command = "x" }',
    '[mcp_servers]\ntools.command = "x"',
    'mcp_servers.tools.command = "x"',
    '[[mcp_servers]]\nname = "tools"',
    '[mcp_servers',
    'a = "x',
    'a = [1',
    'a',
    'a = "x" b = 1',
  ])
    t.throws(() => mergedToml(text, entry, FILE), undefined, text);
});

test('statements have their places', (t) => {
  const text = "a.\"b c\".d = [1, \"]\", '''\n]'''] # x\r\n[x.'y.z']\n";
  const found = tomlStatements(text);
  t.deepEqual(
    found.map(({ kind, keys }) => [kind, keys]),
    [
      ['pair', ['a', 'b c', 'd']],
      ['table', ['x', 'y.z']],
    ],
  );
  t.is(text.slice(found[0]?.valueStart, found[0]?.valueEnd), "[1, \"]\", '''\n]''']");
  t.is(found.at(-1)?.end, text.length);
});

tested('a parser of TOML sees the same file, with the server', async (t) => {
  const { parse, stringify } = await loadMcpOracle<Toml>('smol-toml');
  const key = fc.oneof(
    fc.stringMatching(/^[a-z_-]{1,6}$/),
    fc.string({ minLength: 1, maxLength: 6, unit: 'grapheme' }),
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string().map((text) => `${text}\n"""[mcp_servers.tools]'''`),
      fc.boolean(),
      fc.integer(),
      fc.array(fc.string(), { maxLength: 3 }),
      fc.dictionary(key, tie('value'), { maxKeys: 3 }),
    ),
  }));
  const servers = fc.dictionary(fc.constantFrom('tools', 'other', 'a.b'), fc.dictionary(key, value, { maxKeys: 3 }));
  const file = fc.tuple(fc.dictionary(key, value, { maxKeys: 5 }), servers);
  fc.assert(
    fc.property(file, ([rest, own]) => {
      const before = { ...rest, mcp_servers: own };
      const { tools } = own as Record<string, Record<string, unknown>>;
      const text = stringify(before);
      const { command, args, env } = withEnv;
      // A table of variables stays as it is.
      const expected = { ...tools, command, args, env: tools?.env ?? env };
      const { env: _, ...withoutEnv } = expected;
      const found = parse(mergedToml(text, withEnv, FILE)) as { mcp_servers: Record<string, Record<string, unknown>> };
      const { env: foundEnv, ...foundRest } = found.mcp_servers.tools as Record<string, unknown>;
      t.deepEqual(foundRest, parse(stringify(withoutEnv)));
      t.not(foundEnv, undefined);
      t.deepEqual({ ...found, mcp_servers: { ...found.mcp_servers, tools: 0 } }, {
        ...parse(stringify({ ...rest })),
        mcp_servers: { ...(parse(stringify(own)) as object), tools: 0 },
      } as never);
    }),
  );
});
