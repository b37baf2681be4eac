/** The place of an agent's log: the journal if there is one, else a file. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import test from 'ava';
import { logCommandOf } from '../../../src/control/logs.ts';
import { createSystemd } from '../../../systemd/supervisor.ts';
import { ENTRY } from '../../helpers/agent.ts';
import { recordInstalled } from '../../helpers/install-record.ts';
import { jobWith, LABEL } from '../../helpers/jobs.ts';
import { startSystemd } from '../../helpers/systemd-session.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const RANGE = { lines: 7, follow: false };

test('under launchd, the log is a file', async (t) => {
  const host = { platform: 'darwin' as const, home: await tempDir(t), uid: 501, env: {} };
  const { logFile } = recordInstalled(LABEL, host, (layout) => ({ logFile: layout.logFile }));
  t.deepEqual(logCommandOf({ label: LABEL, host }, RANGE), ['tail', '-n', '7', logFile]);
  t.deepEqual(logCommandOf({ label: LABEL, host }, { lines: 0, follow: true }), ['tail', '-n', '0', '-F', logFile]);
});

test('under systemd, the log is in the journal, unless the agent has a log file', async (t) => {
  const host = { platform: 'linux' as const, home: await tempDir(t), uid: 1000, env: {} };
  recordInstalled(LABEL, host);
  t.is(logCommandOf({ label: LABEL, host }, RANGE)[0], 'journalctl');
  const { logFile } = recordInstalled(LABEL, host, (layout) => ({ logFile: layout.logFile }));
  t.deepEqual(logCommandOf({ label: LABEL, host }, RANGE), ['tail', '-n', '7', logFile]);
});

test('an agent that is not installed has no log', async (t) => {
  const host = { platform: 'linux' as const, home: await tempDir(t), uid: 1000, env: {} };
  t.throws(() => logCommandOf({ label: LABEL, host }, RANGE), { code: 'ERR_LAUNCHPOOL_NOT_INSTALLED' });
});

test('the journal prints the output of the service as written, and no output of other services', async (t) => {
  const home = join(await tempDir(t), 'home');
  const session = await startSystemd(t, home, { journal: true });
  if (session === undefined) return;
  const { host, run } = session;
  const supervisor = createSystemd(host);
  const output = [
    JSON.stringify({ level: 30, time: 1_700_000_000_000, msg: 'listening' }),
    'printed by "the" module: 100% ü',
  ];
  for (const [label, lines] of [[LABEL, output] as const, [`${LABEL}.other`, ['of another']] as const]) {
    const job = jobWith({
      label,
      command: [process.execPath, '-e', 'console.error(process.argv.slice(1).join("\\n"))', ...lines],
    });
    for (const { path, text } of supervisor.filesOf(job)) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
    await run(['systemctl', '--user', 'daemon-reload']);
    // The service never reports that it is ready, which does not matter here.
    await run(['systemctl', '--user', 'start', `${label}.service`]);
  }
  recordInstalled(LABEL, host);
  const command = logCommandOf({ label: LABEL, host }, RANGE);
  const found = async (): Promise<string[]> => (await run(command)).stdout.split('\n');
  while ((await found()).length < output.length) await wait(50);
  t.deepEqual(await found(), output);
  const last = logCommandOf({ label: LABEL, host }, { lines: 1, follow: false });
  t.is((await run(last)).stdout, output[1] as string);

  const printed = await run([process.execPath, ENTRY, 'logs', LABEL]);
  t.is(printed.status, 0, printed.stderr);
  t.regex(printed.stdout, /^\[\d\d-\d\d \d\d:\d\d:\d\d\.000\] INFO: listening\nprinted by "the" module: 100% ü$/);
  t.is((await run([process.execPath, ENTRY, 'logs', LABEL, '--json'])).stdout, output.join('\n'));
});
