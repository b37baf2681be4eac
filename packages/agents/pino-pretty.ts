import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
export async function answer() {
  const destination = join(tmpdir(), `launchpool-pino-${process.pid}.log`);
  const transport = pino.transport({
    target: 'pino-pretty',
    options: { destination, colorize: false, ignore: 'time,pid,hostname' },
  });
  await once(transport, 'ready');
  pino({ base: null }, transport).info('hello');
  transport.end();
  await once(transport, 'close');
  return readFileSync(destination, 'utf8').trim();
}
