/** What a module prints, in the log: with its method and its request. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { connectRpc, type RpcClient } from '../../src/client/rpc.ts';
import { activate } from '../helpers/activator.ts';
import { ENTRY } from '../helpers/agent.ts';
import { startProgram } from '../helpers/program.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import '../helpers/with-compile-cache.ts';
import { until } from '../helpers/until.ts';

const MODULE = `
import { setTimeout as wait } from 'node:timers/promises';
import { warn } from 'node:console';
console.log('loading');
setTimeout(() => console.log('timer'));
export function levels() {
  console.debug('a %d', 1);
  console.log({ a: { b: 1 } });
  console.info('two\\nlines');
  warn('a warning');
  console.error('an error');
}
export function pieces() {
  process.stdout.write('one ');
  process.stdout.write('line\\nsecond\\r\\nthi');
  process.stderr.write('on stderr\\n');
  process.stdout.write(Buffer.from('rd\\n'));
  process.stdout.write('without an end');
  console.log('behind it');
}
export async function late(name) {
  await wait(1);
  console.log('late', name);
}
export async function* values() {
  await wait(1);
  console.log('streams');
  yield 1;
}
export const quiet = () => 1;
`;

type Line = { level: number; time: number; pid: number; method?: string; request?: string; msg: string };

async function installed(t: ExecutionContext, text: string, ...flags: string[]) {
  const folder = await tempDir(t);
  const [module, logFile] = [join(folder, 'agent.mjs'), join(folder, 'log')];
  writeFileSync(module, text);
  const command = [process.execPath, ENTRY, 'run', module, '--threads', '1', ...flags] as const;
  const held = await activate(t, command, { logFile });
  const client: RpcClient = await connectRpc(held.socketPath);
  t.teardown(() => client.close());
  const lines = (): Line[] => {
    const whole = readFileSync(logFile, 'utf8').split('\n').slice(0, -1);
    return whole.map((line) => JSON.parse(line));
  };
  return { client, lines };
}

/** Without what differs from run to run. */
const plain = ({ time: _time, pid: _pid, ...rest }: Line): Omit<Line, 'time' | 'pid'> => rest;

test('each line of an installed agent is JSON, with the method and the request that has printed it', async (t) => {
  const { client, lines } = await installed(t, MODULE, '--log-level', 'silent');
  await client.call('levels', []);
  await client.call('pieces', []);
  await until(() => lines().length === 13);
  const [loading, ...all] = lines();
  t.deepEqual(plain(loading as Line), { level: 30, msg: 'loading' });
  const timer = all.find(({ msg }) => msg === 'timer');
  t.deepEqual(plain(timer as Line), { level: 30, msg: 'timer' });
  const levels = { method: 'levels', request: '1' };
  const pieces = { method: 'pieces', request: '2' };
  const printed = all.filter((line) => line !== timer).map(plain);
  // The two streams come one after another, in any order.
  t.deepEqual(
    printed.filter(({ level }) => level < 40),
    [
      { level: 20, ...levels, msg: 'a 1' },
      { level: 30, ...levels, msg: '{ a: { b: 1 } }' },
      { level: 30, ...levels, msg: 'two\nlines' },
      { level: 30, ...pieces, msg: 'one line' },
      { level: 30, ...pieces, msg: 'second' },
      { level: 30, ...pieces, msg: 'third' },
      { level: 30, ...pieces, msg: 'without an end' },
      { level: 30, ...pieces, msg: 'behind it' },
    ],
  );
  t.deepEqual(
    printed.filter(({ level }) => level >= 40),
    [
      { level: 40, ...levels, msg: 'a warning' },
      { level: 50, ...levels, msg: 'an error' },
      { level: 40, ...pieces, msg: 'on stderr' },
    ],
  );
  t.true(lines().every(({ time, pid }) => time > 0 && pid > 0));
});

test('a line behind an await has its request from the first line of a request on; a stream too', async (t) => {
  const { client, lines } = await installed(t, MODULE, '--log-level', 'silent');
  const printed = (): Line[] => lines().filter(({ msg }) => /late|streams/.test(msg));
  await client.call('late', ['first']);
  await until(() => printed().length === 1);
  await Promise.all([client.call('late', ['second']), client.call('late', ['third'])]);
  await client.call('values', []);
  await until(() => printed().length === 4);
  t.deepEqual(printed().map(plain), [
    { level: 30, msg: 'late first' },
    { level: 30, method: 'late', request: '2', msg: 'late second' },
    { level: 30, method: 'late', request: '3', msg: 'late third' },
    { level: 30, method: 'values', request: '4', msg: 'streams' },
  ]);
});

test('a raw agent, whose messages have no method: lines without one', async (t) => {
  const text = `export default (message) => { console.log('raw'); console.table([{ a: 1 }]); return message; };`;
  const folder = await tempDir(t);
  const [module, logFile] = [join(folder, 'agent.mjs'), join(folder, 'log')];
  writeFileSync(module, text);
  const held = await activate(t, [process.execPath, ENTRY, 'run', module, '--log-level', 'silent'], { logFile });
  const { connectRaw } = await import('../../src/client/raw.ts');
  const client = await connectRaw(held.socketPath);
  t.teardown(() => client.close());
  await client.request(Buffer.from('x'));
  await until(() => readFileSync(logFile, 'utf8').split('\n').length === 3);
  const [first, second] = readFileSync(logFile, 'utf8').trim().split('\n');
  t.deepEqual(plain(JSON.parse(first as string)), { level: 30, msg: 'raw' });
  t.regex(JSON.parse(second as string).msg, /^┌.*│ 0 +│ 1 │.*┘$/s);
});

test('many lines at once: none is lost, and none is out of its order', async (t) => {
  const count = 20_000;
  const text = `export const flood = (n) => { for (let i = 0; i < n; i += 1) console.log(i); return n; };`;
  const { client, lines } = await installed(t, text, '--log-level', 'silent');
  t.is(await client.call('flood', [count]), count);
  await until(() => lines().length === count);
  t.deepEqual(
    lines().map(({ msg }) => Number(msg)),
    Array.from({ length: count }, (_, index) => index),
  );
});

test('the log of dev has the method and the request of each line, the first one behind an await too', async (t) => {
  const folder = await tempDir(t);
  const module = join(folder, 'agent.ts');
  writeFileSync(module, MODULE.replace('late(name)', 'late(name: string)'));
  const socket = join(folder, 'a.sock');
  const dev = startProgram(t, [process.execPath, ENTRY, 'dev', module, '--socket', socket]);
  await dev.stderr(/first connection/);
  const client = await connectRpc(socket);
  t.teardown(() => client.close());
  await client.call('late', ['first']);
  await client.call('levels', []);
  // They come by two streams, without an order between them.
  await dev.stderr(/late first\n/);
  await dev.stderr(/levels \(2\): a 1\n/);
  await dev.stderr(/INFO: loading\n/);
  const text = await dev.stderr(/an error\n/);
  const clock = String.raw`\[\d\d:\d\d:\d\d\.\d{3}\]`;
  t.regex(text, new RegExp(`^${clock} INFO: loading$`, 'm'));
  t.regex(text, new RegExp(`^${clock} INFO: late \\(1\\): late first$`, 'm'));
  t.regex(text, new RegExp(`^${clock} DEBUG: levels \\(2\\): a 1$`, 'm'));
  t.regex(text, new RegExp(`^${clock} ERROR: levels \\(2\\): an error$`, 'm'));
});
