/** The activator's backoff after crashes; waiting connections are kept. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { activate, listenTo, serveCommand } from '../../helpers/activator.ts';
import { fixture } from '../../helpers/agent.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import '../../helpers/with-compile-cache.ts';

test('the backoff grows with each crash, and the first connection is served after it', async (t) => {
  const crashes = join(await tempDir(t), 'crashes');
  writeFileSync(crashes, 'one\ntwo\nthree\n');
  const held = await activate(t, serveCommand('--crashes', crashes));
  const answer = await listenTo(held.socketPath);
  t.is(answer, String((await held.reached('started', 4)).pid));
  t.deepEqual(
    held.all('crashed').map(({ status, backoffMs }) => [status, backoffMs]),
    [
      ['exit status 7', 100],
      ['exit status 7', 200],
      ['exit status 7', 400],
    ],
  );
});

test('a clean exit resets the backoff', async (t) => {
  const crashes = join(await tempDir(t), 'crashes');
  writeFileSync(crashes, 'one\ntwo\n');
  const held = await activate(t, serveCommand('--crashes', crashes));
  await listenTo(held.socketPath);
  await held.reached('left', 1);
  appendFileSync(crashes, 'three\n');
  await listenTo(held.socketPath);
  t.is((await held.reached('crashed', 3)).backoffMs, 100);
});

test('a missing program counts as a crash', async (t) => {
  const held = await activate(t, ['/missing/program']);
  const answer = listenTo(held.socketPath).catch(() => undefined);
  t.is((await held.reached('crashed', 2)).backoffMs, 200);
  t.is(held.all('crashed')[0]?.status, 'exit status 127');
  await held.close();
  await answer;
});

test('close during the backoff starts no further process', async (t) => {
  const crashes = join(await tempDir(t), 'crashes');
  writeFileSync(crashes, 'one\n'.repeat(20));
  const held = await activate(t, serveCommand('--crashes', crashes));
  const answer = listenTo(held.socketPath).catch(() => undefined);
  await held.reached('crashed', 3);
  await held.close();
  await answer;
  t.is(held.all('started').length, 3);
});

test('the activator ignores lines on the lifeline that are no list of files', async (t) => {
  const socketPath = join(await tempDir(t), 'a.sock');
  const garbles = ['/bin/sh', '-c', 'printf "{\\n7\\n[" >&5; exec "$0" "$@"', ...serveCommand()];
  const holder = spawn(process.execPath, [fixture('programs/holder.ts'), socketPath, ...garbles], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  t.teardown(() => holder.kill());
  await once(holder.stdout, 'data');
  const pids = [await listenTo(socketPath), await listenTo(socketPath)];
  t.not(pids[0], pids[1]);
});
