import test from 'ava';
import fc from 'fast-check';
import { jsonText, mergedJson, serverInJson } from '../../../../src/mcp/clients/json-config.ts';

const FILE = { section: 'mcpServers', hasType: false };
const entry = { name: 'tools', command: '/usr/bin/node', args: ['/x/launchpool', 'mcp', 'com.example.tools'] };

test('an empty file, and none, become the server alone', (t) => {
  for (const text of ['', ' \n']) t.is(mergedJson(text, entry, FILE), jsonText(entry, FILE));
  t.deepEqual(JSON.parse(jsonText(entry, { ...FILE, hasType: true })), {
    mcpServers: { tools: { type: 'stdio', command: entry.command, args: entry.args } },
  });
});

test('comments, the order of keys, the indentation and trailing commas stay', (t) => {
  const before = `{
    // of mine
    "theme": "dark", /* yes */
    "mcpServers": {
        "other": { "command": "x" }, // keep
    },
}
`;
  const after = mergedJson(before, entry, FILE);
  for (const kept of ['// of mine', '/* yes */', '// keep', '"other": { "command": "x" }'])
    t.true(after.includes(kept));
  t.regex(after, /^ {8}"tools": \{$/m);
  t.deepEqual(serverInJson(after, FILE, 'tools'), { command: entry.command, args: entry.args });
  t.is(mergedJson(after, entry, FILE), after);
});

test('of a server that is there, further keys stay', (t) => {
  const before = '{ "mcpServers": { "tools": { "command": "old", "trust": true } } }';
  t.deepEqual(serverInJson(mergedJson(before, entry, FILE), FILE, 'tools'), {
    command: entry.command,
    trust: true,
    args: entry.args,
  });
});

test('what is no JSON object is refused, with the line', (t) => {
  t.throws(() => mergedJson('{\n  "a": \n}', entry, FILE), { message: /in line 3/ });
  for (const text of ['[]', '"x"', 'null'])
    t.throws(() => mergedJson(text, entry, FILE), { message: /no JSON object/ });
});

test('any JSON object keeps all that it had', (t) => {
  const file = fc.tuple(
    fc.dictionary(fc.string(), fc.jsonValue()),
    fc.dictionary(fc.string(), fc.dictionary(fc.string(), fc.jsonValue())),
  );
  fc.assert(
    fc.property(file, fc.constantFrom(undefined, 2, '\t'), ([rest, servers], indent) => {
      const before = JSON.parse(JSON.stringify({ ...rest, mcpServers: servers }));
      const after = JSON.parse(mergedJson(JSON.stringify(before, null, indent), entry, FILE));
      t.deepEqual(after, {
        ...before,
        mcpServers: {
          ...before.mcpServers,
          tools: { ...before.mcpServers.tools, command: entry.command, args: entry.args },
        },
      });
    }),
  );
});
