/** `launchpool mcp --config`, for each client: what is printed, and what is written. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { hostOf } from '../../../../src/installed/host.ts';
import { clientFile } from '../../../../src/mcp/clients/client-files.ts';
import { serverEntry } from '../../../../src/mcp/clients/server-entry.ts';
import { MCP_CLIENTS } from '../../../../src/options/mcp-table.ts';
import { ENTRY } from '../../../helpers/agent.ts';
import { recordInstalled } from '../../../helpers/install-record.ts';
import { type Finished, runProgram } from '../../../helpers/program.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

const LABEL = 'com.example.tools';

type Bench = { home: string; run(...args: string[]): Promise<Finished> };

async function createBench(t: ExecutionContext, ...labels: string[]): Promise<Bench> {
  const home = await tempDir(t);
  for (const label of labels.length === 0 ? [LABEL] : labels) recordInstalled(label, { home, env: {} });
  const env = { PATH: process.env.PATH, HOME: home };
  return { home, run: (...args) => runProgram([process.execPath, ENTRY, 'mcp', ...args], { env }) };
}

const PATHS = {
  linux: {
    'claude-code': '/h/.claude.json',
    'claude-desktop': '/h/.config/Claude/claude_desktop_config.json',
    codex: '/h/.codex/config.toml',
    vscode: '/h/.config/Code/User/mcp.json',
    cursor: '/h/.cursor/mcp.json',
    'gemini-cli': '/h/.gemini/settings.json',
  },
  darwin: {
    'claude-code': '/h/.claude.json',
    'claude-desktop': '/h/Library/Application Support/Claude/claude_desktop_config.json',
    codex: '/h/.codex/config.toml',
    vscode: '/h/Library/Application Support/Code/User/mcp.json',
    cursor: '/h/.cursor/mcp.json',
    'gemini-cli': '/h/.gemini/settings.json',
  },
} as const;

test('each client has its file, on each system and by its variables', (t) => {
  for (const platform of ['linux', 'darwin'] as const) {
    for (const client of MCP_CLIENTS) {
      t.is(clientFile(client, { platform, home: '/h', env: {} }).path, PATHS[platform][client]);
    }
  }
  const env = { CLAUDE_CONFIG_DIR: '/c', CODEX_HOME: '/x', XDG_CONFIG_HOME: '/g' };
  const pathOf = (client: (typeof MCP_CLIENTS)[number]): string =>
    clientFile(client, { platform: 'linux', home: '/h', env }).path;
  t.deepEqual((['claude-code', 'codex', 'vscode'] as const).map(pathOf), [
    '/c/.claude.json',
    '/x/config.toml',
    '/g/Code/User/mcp.json',
  ]);
});

for (const client of MCP_CLIENTS) {
  test(`${client}: what is printed is what is written, and once more nothing changes`, async (t) => {
    t.timeout(120_000);
    const { home, run } = await createBench(t);
    const printed = await run('--config', client, LABEL);
    t.is(printed.status, 0, printed.stderr);
    const { path } = clientFile(client, { platform: process.platform, home, env: {} });
    t.true(printed.stderr.includes(path));
    t.false(existsSync(path));
    const written = await run('--config', client, '--write', LABEL);
    t.is(written.status, 0, written.stderr);
    t.is(readFileSync(path, 'utf8'), printed.stdout.toString());
    t.is(statSync(path).mode & 0o777, 0o600);
    const again = await run('--config', client, '--write', LABEL);
    t.regex(again.stdout.toString(), /already/);
    t.deepEqual(
      readdirSync(dirname(path)).filter((name) => name.includes('before')),
      [],
    );
    const text = readFileSync(path, 'utf8');
    for (const part of [process.execPath, ENTRY, '"mcp"', `"${LABEL}"`]) t.true(text.includes(part), part);
  });
}

test('what the file had stays, with its mode, its link and a copy', async (t) => {
  const { home, run } = await createBench(t);
  const real = join(home, 'dotfiles', 'mcp.json');
  mkdirSync(dirname(real));
  mkdirSync(join(home, '.cursor'));
  const before = '{\n  // mine\n  "mcpServers": { "other": { "command": "x" } }\n}\n';
  writeFileSync(real, before);
  chmodSync(real, 0o640);
  symlinkSync(real, join(home, '.cursor', 'mcp.json'));
  const { status, stdout } = await run('--config', 'cursor', '--write', LABEL);
  t.is(status, 0);
  const after = readFileSync(real, 'utf8');
  t.true(after.includes('// mine') && after.includes('"other"') && after.includes('"tools"'));
  t.is(statSync(real).mode & 0o777, 0o640);
  const [backup] = readdirSync(dirname(real)).filter((name) => name.includes('.before-launchpool-'));
  t.is(readFileSync(join(dirname(real), String(backup)), 'utf8'), before);
  t.true(stdout.toString().includes(String(backup)));
});

test('a server of the same name with other agents, and a file that is damaged, stay as they are', async (t) => {
  t.timeout(120_000);
  const { home, run } = await createBench(t, LABEL, 'org.example.tools');
  t.is((await run('--config', 'gemini-cli', '--write', LABEL)).status, 0);
  const other = await run('--config', 'gemini-cli', '--write', 'org.example.tools');
  t.is(other.status, 78);
  t.regex(other.stderr, /another server with the name tools.*\n.*--name NAME/);
  t.is((await run('--config', 'gemini-cli', '--write', '--name', 'own', 'org.example.tools')).status, 0);
  const path = join(home, '.gemini', 'settings.json');
  t.deepEqual(Object.keys(JSON.parse(readFileSync(path, 'utf8')).mcpServers).sort(), ['own', 'tools']);
  writeFileSync(path, '{ "mcpServers": ');
  const damaged = await run('--config', 'gemini-cli', '--write', LABEL);
  t.is(damaged.status, 78);
  t.regex(damaged.stderr, /cannot be changed/);
  t.is(readFileSync(path, 'utf8'), '{ "mcpServers": ');
});

test('wrong usage, and an agent that is not installed, are refused', async (t) => {
  t.timeout(120_000);
  const { run } = await createBench(t);
  for (const [args, status, text] of [
    [['--config', 'emacs', LABEL], 64, /claude-code/],
    [['--config', 'codex', 'com.example.missing'], 66, /no agent is installed/],
    [['--config', 'codex', '--name', 'a b', LABEL], 64, /--name "a b" is not usable/],
    [['--name', 'a', LABEL], 64, /--config/],
  ] as const) {
    const found = await run(...args);
    t.is(found.status, status);
    t.regex(found.stderr, text);
  }
});

test('an entry has the options of the bridge, the variables that a client may not pass on, and lasting paths', async (t) => {
  const home = await tempDir(t);
  recordInstalled(LABEL, { platform: 'linux', home, env: { XDG_DATA_HOME: join(home, 'd') } });
  recordInstalled('b', { platform: 'linux', home, env: { XDG_DATA_HOME: join(home, 'd') } });
  const env = { XDG_DATA_HOME: join(home, 'd'), XDG_RUNTIME_DIR: '/run/user/7' };
  const host = hostOf({ platform: 'linux', home, uid: 7, env });
  const options = { labels: [LABEL, 'b'], name: undefined, flags: ['--no-md5'], host };
  t.deepEqual(serverEntry({ ...options, program: '/usr/bin/launchpool' }), {
    name: 'launchpool',
    command: process.execPath,
    args: ['/usr/bin/launchpool', 'mcp', '--no-md5', LABEL, 'b'],
    env: { XDG_DATA_HOME: join(home, 'd') },
  });
  const passing = serverEntry({
    ...options,
    labels: [LABEL],
    program: '/home/u/.npm/_npx/1/node_modules/.bin/launchpool',
  });
  t.is(passing.name, 'tools');
  t.is(passing.command, 'npx');
  t.regex(passing.args.join(' '), /^--yes launchpool@\d+\.\d+\.\d+ mcp --no-md5 com\.example\.tools$/);
});
