/** The verbs by which programs find an installed agent. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test from 'ava';
import { hostOf } from '../../../src/installed/host.ts';
import { layoutOf } from '../../../src/installed/layout.ts';
import { ENTRY } from '../../helpers/agent.ts';
import { runProgram } from '../../helpers/program.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const LABEL = 'com.example.found';

test('path and env print where an installed agent is, and fail for another label', async (t) => {
  const home = join(await tempDir(t), "a user's home");
  const env = { ...process.env, HOME: home };
  const layout = layoutOf(LABEL, hostOf({ home, env }));
  await mkdir(dirname(layout.record), { recursive: true });
  const fields = {
    format: 1,
    version: '1',
    label: LABEL,
    supervisor: 'systemd',
    module: '/a.ts',
    hash: 'h',
    entry: 'a.cjs',
  };
  const rest = {
    kind: 'rpc',
    methods: [],
    node: { path: '/n', version: 'v' },
    logFile: join(home, 'log'),
    madeFolders: [],
  };
  const options = { agent: { 'authkey-file': '/key file' } };
  await writeFile(layout.record, JSON.stringify({ ...fields, ...rest, options }));
  const run = (...args: string[]) => runProgram([process.execPath, ENTRY, ...args], { env });
  t.is((await run('path', LABEL)).stdout.toString(), `${layout.sockets.agent}\n`);
  t.deepEqual(JSON.parse((await run('path', LABEL, '--json')).stdout.toString()), { result: layout.sockets.agent });
  const expected = {
    LAUNCHPOOL_LABEL: LABEL,
    LAUNCHPOOL_SOCKET: layout.sockets.agent,
    LAUNCHPOOL_CONTROL_SOCKET: layout.sockets.control,
    LAUNCHPOOL_AUTHKEY_FILE: '/key file',
    LAUNCHPOOL_LOG: join(home, 'log'),
  };
  t.deepEqual(JSON.parse((await run('env', LABEL, '--json')).stdout.toString()), { result: expected });
  // A shell takes them as they are.
  const script = (await run('env', LABEL)).stdout.toString();
  const inShell = await runProgram(
    ['/bin/sh', '-c', `${script} printf '%s\\n' "$LAUNCHPOOL_LOG" "$LAUNCHPOOL_SOCKET"`],
    { env },
  );
  t.is(inShell.stdout.toString(), `${expected.LAUNCHPOOL_LOG}\n${expected.LAUNCHPOOL_SOCKET}\n`);
  for (const verb of ['path', 'env']) {
    const { status, stderr } = await run(verb, 'com.example.other');
    t.is(status, 66);
    t.regex(stderr, /no agent is installed as com\.example\.other/);
  }
});
