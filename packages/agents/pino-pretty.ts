import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';

export async function answer() {
  const destination = join(tmpdir(), `launchpool-pino-${process.pid}-${Math.random()}.log`);
  const alive = setInterval(() => undefined, 1000);
  const options = { destination, colorize: false, ignore: 'time,pid,hostname' };
  const transport = pino.transport({ target: 'pino-pretty', options });
  pino({ base: null }, transport).info('hello');
  transport.end();
  await once(transport, 'close');
  clearInterval(alive);
  try {
    return readFileSync(destination, 'utf8').trim();
  } finally {
    rmSync(destination);
  }
}
