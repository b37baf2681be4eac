/** A client of a NATS server that sends what no library would. https://docs.nats.io/reference/reference-protocols/nats-protocol */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { ExecutionContext } from 'ava';

export type RawMessage = { subject: string; reply?: string; headers?: string; body?: string };

export type RawClient = {
  /** Resolves when the server has passed the message on. */
  publish(message: RawMessage): Promise<void>;
};

export async function rawNatsClient(t: ExecutionContext, port: number): Promise<RawClient> {
  const socket = connect(port, '127.0.0.1').setEncoding('latin1');
  t.teardown(() => socket.destroy());
  let received = '';
  const waiting: (() => void)[] = [];
  socket.on('data', (text: string) => {
    received += text;
    const lines = received.split('\r\n');
    received = lines.pop() as string;
    for (const line of lines) {
      if (line === 'PING') socket.write('PONG\r\n');
      if (line === 'PONG') waiting.shift()?.();
    }
  });
  await once(socket, 'connect');
  socket.write('CONNECT {"verbose":false,"headers":true,"no_responders":true,"protocol":1}\r\n');
  return {
    publish({ subject, reply = '', headers, body = '' }) {
      const head = headers === undefined ? '' : `NATS/1.0\r\n${headers}\r\n\r\n`;
      const sizes = headers === undefined ? body.length : `${head.length} ${head.length + body.length}`;
      socket.write(
        `${headers === undefined ? 'PUB' : 'HPUB'} ${subject} ${reply} ${sizes}\r\n${head}${body}\r\nPING\r\n`,
      );
      return new Promise((resolve) => waiting.push(resolve));
    },
  };
}
