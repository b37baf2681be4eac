/** How long the next process of an agent may take until it has loaded its module. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import test from 'ava';
import { replaceProcess } from '../../../src/install/replace-process.ts';
import { serveControl } from '../../helpers/control-server.ts';
import { jobWith } from '../../helpers/jobs.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

test('the next process has the time to stop of the process before, and its own to start', async (t) => {
  const { socketPath, controlPath } = await serveControl(t, { ready: () => new Promise(() => undefined) });
  const server = createServer().listen(socketPath);
  t.teardown(() => server.close());
  await once(server, 'listening');
  const versions = await tempDir(t);
  const layout = { versions, sockets: { agent: socketPath, control: controlPath } };
  const supervisor = { dismiss: async () => undefined };
  const job = jobWith({ startSeconds: 0.25, stopSeconds: 0.25 });
  const error = await t.throwsAsync(replaceProcess({ supervisor, layout }, job, 'hash'), {
    code: 'ERR_LAUNCHPOOL_NOT_READY',
  });
  t.regex(error?.message ?? '', /not ready after 0\.5 s/);
});
