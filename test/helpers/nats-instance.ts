/** An instance of a service on NATS in the process of a test, in front of the socket of an agent: for the client's side. */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import type { ExecutionContext } from 'ava';
import { type AcceptedLinks, acceptLinks } from '../../src/nats/accept-links.ts';
import type { Link } from '../../src/nats/link.ts';
import type { NatsConnection } from '../../src/nats/nats-types.ts';

export type TestInstance = {
  readonly id: string;
  readonly links: AcceptedLinks;
  readonly sockets: Socket[];
  stop(): void;
};

/** Resolves when the NATS server knows it. */
export async function serveInstance(
  t: ExecutionContext,
  nats: NatsConnection,
  { name, socketPath, places = () => 64 }: { name: string; socketPath: string; places?: () => number },
): Promise<TestInstance> {
  const id = randomBytes(8).toString('hex');
  const sockets: Socket[] = [];
  const onLink = (link: Link): void => {
    const socket = connect(socketPath);
    sockets.push(socket);
    socket.on('error', () => link.destroy());
    link.on('close', () => socket.destroy());
    socket.on('close', () => link.destroySoon());
    link.pipe(socket);
    socket.pipe(link);
  };
  const links = acceptLinks(nats, { name, instance: id, onLink, places });
  const info = { name, id, version: '1.0.0', metadata: { launchpool: '0' } };
  const found = nats.subscribe(`$SRV.INFO.${name}`, {
    callback: (_error, { reply }) => reply && nats.publish(reply, Buffer.from(JSON.stringify(info))),
  });
  const stop = (): void => {
    found.unsubscribe();
    links.close();
    for (const socket of sockets) socket.destroy();
  };
  t.teardown(stop);
  await nats.flush();
  return { id, links, sockets, stop };
}
