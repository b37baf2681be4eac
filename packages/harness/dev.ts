/** An agent under `launchpool dev`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PROGRAM = join(import.meta.dirname, '..', '..', 'src', 'cli', 'entry.ts');

export async function dev(module: string, callAt: (socket: string) => Promise<unknown>): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), 'lpd-'));
  const socket = join(folder, 'agent.sock');
  const child = spawn(process.execPath, [PROGRAM, 'dev', module, '--socket', socket], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let text = '';
  try {
    await new Promise<void>((resolve, reject) => {
      child.stderr.on('data', (part) => {
        text += part;
        if (text.includes('listens at')) resolve();
      });
      child.once('exit', (status) => reject(new Error(`dev exited with ${status}: ${text.slice(-500)}`)));
    });
    return await callAt(socket);
  } finally {
    const exited = child.exitCode === null ? once(child, 'exit') : undefined;
    child.kill();
    await exited;
    await rm(folder, { recursive: true, force: true });
  }
}
