/** Links over real servers of NATS. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { acceptLinks } from '../../../src/nats/accept-links.ts';
import type { Link } from '../../../src/nats/link.ts';
import { openLink } from '../../../src/nats/open-link.ts';
import { natsConnection, startNatsServer } from '../../helpers/nats-server.ts';
import { declareWith } from '../../helpers/not-tested.ts';
import { freePort } from '../../helpers/ports.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const testWithNats = declareWith(test);
const id = { name: 'echo', instance: 'one' };

const echo = (link: Link): void => void link.pipe(link);

function closed(link: Link): Promise<void> {
  return new Promise((resolve) => (link.closed ? resolve() : link.once('close', resolve)));
}

testWithNats('ten megabytes go to an echo and come back, in messages that the server takes', async (t) => {
  const folder = await tempDir(t);
  const config = join(folder, 'nats.conf');
  await writeFile(config, 'max_payload: 8192\n');
  const { url } = await startNatsServer(t, { args: ['-c', config] });
  const [server, client] = [await natsConnection(t, url), await natsConnection(t, url)];
  const accepted = acceptLinks(server, { ...id, places: () => 1, onLink: echo });
  await server.flush();
  const { stream } = await openLink(client, id);
  const sent = Buffer.alloc(10_000_000, 'launchpool');
  stream.end(sent);
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  t.true(Buffer.concat(chunks).equals(sent));
  accepted.close();
});

testWithNats('no instance, and one that ends, are noticed at once', async (t) => {
  const { url } = await startNatsServer(t);
  const [server, client] = [await natsConnection(t, url), await natsConnection(t, url)];
  await t.throwsAsync(openLink(client, id), { message: /it has left/ });
  acceptLinks(server, { ...id, places: () => 1, onLink: echo });
  await server.flush();
  const { stream } = await openLink(client, id);
  stream.write('before');
  await once(stream, 'data');
  await server.close();
  stream.write('after');
  await closed(stream);
  // A NATS server that has not noticed the end yet takes what comes before the next ping: it may have arrived.
  t.true(stream.undeliveredFrom === 6 || stream.undeliveredFrom === 11);
});

testWithNats('a server of a cluster that is killed ends its links, and the next ones go another way', async (t) => {
  const ports = [await freePort('127.0.0.1'), await freePort('127.0.0.1')];
  const routes = ports.map((port) => `nats://127.0.0.1:${port}`).join(',');
  const argsOf = (port: number): string[] => [
    ...['--cluster_name', 'test', '--cluster', `nats://127.0.0.1:${port}`, '--routes', routes],
  ];
  const servers = await Promise.all(ports.map((port) => startNatsServer(t, { args: argsOf(port) })));
  const [first, second] = servers as [(typeof servers)[0], (typeof servers)[0]];
  // It learns of the other server from this one.
  const server = await natsConnection(t, first.url);
  const client = await natsConnection(t, second.url);
  const accepted = acceptLinks(server, { ...id, places: () => 1, onLink: echo });
  const opened = await openFrom(client);
  opened.setBusy(true);
  opened.stream.write('x');
  await once(opened.stream, 'data');
  await first.kill();
  const killedAt = performance.now();
  await closed(opened.stream);
  t.log(`noticed after ${Math.round(performance.now() - killedAt)} ms`);
  const again = await openFrom(client);
  again.stream.write('y');
  t.is(String((await once(again.stream, 'data'))[0]), 'y');
  accepted.close();
});

/** The servers of a cluster learn of a subscription a moment later. */
async function openFrom(client: Parameters<typeof openLink>[0]): ReturnType<typeof openLink> {
  for (;;) {
    try {
      return await openLink(client, id);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

testWithNats('credentials come from the address or the environment, and are in no error', async (t) => {
  const { url } = await startNatsServer(t, { args: ['--user', 'joe', '--pass', 's3cret'] });
  await natsConnection(t, url.replace('//', '//joe:s3cret@'));
  await natsConnection(t, url, { NATS_USER: 'joe', NATS_PASSWORD: 's3cret' });
  const error = await t.throwsAsync(natsConnection(t, url.replace('//', '//joe:wr0ng@')), {
    code: 'ERR_LAUNCHPOOL_CONNECT_FAILED',
  });
  t.notRegex(`${error.message} ${(error as { hint?: string }).hint}`, /wr0ng|s3cret/);
  await t.throwsAsync(natsConnection(t, url, { NATS_CREDS: '/nowhere/creds' }), {
    code: 'ERR_LAUNCHPOOL_OPTION_INVALID',
    message: /NATS_CREDS/,
  });
});
