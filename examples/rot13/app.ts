/**
 * py-launchd's sample application: holds a socket, opens it, sends each line that you type, and prints the reply of the
 * agent. The agent starts with the first line and shuts down after a minute without one.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readLines } from '../../src/cli/repl-lines.ts';
import { rawAnswer, reconnecting } from '../../src/cli/verbs/repl.ts';
import { connectRaw } from '../../src/client/index.ts';
import { createActivator } from '../../src/holder/activator.ts';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'rot13-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(name, () => process.exit(128 + constants.signals[name]));
const socketPath = join(folder, 'agent.sock');
const activator = await createActivator({
  socketPath,
  command: [process.execPath, path('../../src/cli/entry.ts'), 'run', path('./raw.ts'), '--log-level', 'warn'],
});
process.stderr.write('Type a line; the first one starts the agent. Control-D ends.\n');

const connection = reconnecting(() => connectRaw(socketPath));
process.exitCode = await readLines({
  answer: rawAnswer(connection),
  methods: [],
  input: process.stdin,
  output: process.stdout,
});
await activator.close();
