/**
 * One trace over three programs: this client calls an agent, which calls a second one.
 *
 *     npm ci && npm start
 */
import './telemetry.ts';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { close, connect } from '../../src/client/index.ts';
import { createActivator } from '../../src/holder/activator.ts';
import type { SpanLine } from './telemetry.ts';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'spans-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
process.env.SPANS_FILE = join(folder, 'spans');

/** Holds a socket for an agent, whose main thread and worker threads load telemetry.ts first. */
const hold = (name: string, socketPath: string): ReturnType<typeof createActivator> =>
  createActivator({
    socketPath,
    command: [process.execPath, path('../../src/cli/entry.ts'), 'run', path(name), '--log-level', 'error'],
    env: {
      ...process.env,
      NODE_OPTIONS: `--import=${new URL('./telemetry.ts', import.meta.url)}`,
      SHOUTING_SOCKET: join(folder, 'shouting.sock'),
    },
  });
const holders = [
  await hold('./greeting.ts', join(folder, 'greeting.sock')),
  await hold('./shouting.ts', join(folder, 'shouting.sock')),
];

const agent = await connect<typeof import('./greeting.ts')>(join(folder, 'greeting.sock'));
process.stdout.write(`${await agent.greet('you')}\n`);
await agent.greet('you '.repeat(100)).catch((error) => process.stdout.write(`${error.message}\n`));
await close(agent);
for (const holder of holders) await holder.close();

const spans = readFileSync(process.env.SPANS_FILE, 'utf8')
  .trim()
  .split('\n')
  .map((line): SpanLine => JSON.parse(line));
const textOf = ({ kind, name, us, attributes }: SpanLine): string =>
  [kind, name, `${us / 1000} ms`, attributes['error.type']].filter(Boolean).join(' ');
function printBelow(parent: SpanLine | undefined, indent: string): void {
  for (const span of spans.filter((each) => each.parent === parent?.id)) {
    if (parent === undefined) process.stdout.write(`\ntrace ${span.trace}\n`);
    process.stdout.write(`${indent}${textOf(span)}\n`);
    printBelow(span, `${indent}  `);
  }
}
printBelow(undefined, '  ');
