/** The load generator against servers that lie: what it reports has been answered rightly. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { compileGenerator, type LoadOptions } from '../../bench/generator.ts';
import { SHORT_TEMP, tempDir } from '../helpers/temp-dir.ts';
import { honest, type Lie, serveLies } from './lying-server.ts';

const COUNT = 200;
const LIE_AT = 20;
/** For servers that are not waited for: the others may be slow. */
const SOON = { timeoutSeconds: 0.5 };

type Case = { mode: 'raw' | 'rpc'; lie: Lie; options?: Partial<LoadOptions> };

const folder = mkdtempSync(join(SHORT_TEMP, 'lp-'));
const compiled = compileGenerator(folder);
test.after.always(() => rmSync(folder, { recursive: true }));

const load = async (t: ExecutionContext, { mode, lie, options }: Case) => {
  const generator = await compiled;
  const socketPath = await serveLies(t, mode, lie);
  return generator.load({ socketPath, mode, connections: 2, depth: 4, count: COUNT, timeoutSeconds: 60, ...options });
};

const notices = test.macro(async (t, what: Case, message: RegExp) => {
  await t.throwsAsync(load(t, what), { message });
});

for (const mode of ['raw', 'rpc'] as const) {
  test(`${mode}: right replies are counted, each once`, async (t) => {
    const { count, reqPerSec, p50us, p99us, maxUs } = await load(t, { mode, lie: honest });
    t.is(count, COUNT);
    t.true(reqPerSec > 0 && p50us > 0 && p50us <= p99us && p99us <= maxUs);
  });

  const wrong: Lie = ({ reply, number, send }) =>
    send(number === LIE_AT ? reply.replace(/[a-z0-9](?="?\}?$)/i, '!') : reply);
  test(`${mode}: a reply of which the last letter is wrong is noticed`, notices, { mode, lie: wrong }, /wrong reply/);

  const short: Lie = ({ reply, number, send }) =>
    send(number === LIE_AT ? reply.replace(/[a-z0-9](?="?\}?$)/i, '') : reply);
  test(`${mode}: a reply that is one letter short is noticed`, notices, { mode, lie: short }, /wrong reply/);

  const twice: Lie = ({ reply, number, send }) => {
    send(reply);
    if (number === LIE_AT) send(reply);
  };
  test(
    `${mode}: a second reply to the same request is noticed`,
    notices,
    { mode, lie: twice },
    /wrong reply|a reply without a request/,
  );

  const silent: Lie = ({ reply, number, send }) => number < LIE_AT && send(reply);
  test(
    `${mode}: replies that do not come are noticed`,
    notices,
    { mode, lie: silent, options: SOON },
    /replies are missing/,
  );

  const closing: Lie = ({ reply, number, send, socket }) => (number < LIE_AT ? send(reply) : socket.end());
  test(
    `${mode}: a connection that closes too early is noticed`,
    notices,
    { mode, lie: closing },
    /replies missing|cannot/,
  );
}

const lastTwice: Lie = ({ reply, number, send }) => {
  send(reply);
  if (number === LIE_AT - 1) send(reply);
};
test(
  'raw: a second reply behind the last one is noticed',
  notices,
  { mode: 'raw', lie: lastTwice, options: { connections: 1, depth: 1, count: LIE_AT } },
  /a reply without a request/,
);

const swapped = (): Lie => {
  let kept: string | undefined;
  return ({ reply, send }) => {
    if (kept === undefined) {
      kept = reply;
      return;
    }
    send(reply);
    send(kept);
    kept = undefined;
  };
};
test(
  'raw: replies in another order than the requests are noticed',
  notices,
  { mode: 'raw', lie: swapped() },
  /wrong reply/,
);

test('rpc: replies may come in any order', async (t) => {
  const { count } = await load(t, { mode: 'rpc', lie: swapped(), options: { connections: 1 } });
  t.is(count, COUNT);
});

const failing: Lie = ({ send }) => send('{"jsonrpc":"2.0","id":0,"error":{"code":-32000,"message":"no"}}');
test('rpc: an error is not a reply', notices, { mode: 'rpc', lie: failing }, /not a result: .*-32000/);

test('rpc: a text that is written in place is whole, and its last letter is checked', async (t) => {
  const options = { size: 40_000, count: 20 };
  t.is((await load(t, { mode: 'rpc', lie: honest, options })).count, 20);
  const wrong: Lie = ({ reply, send }) => send(reply.replace(/[a-z0-9](?="\}$)/i, '!'));
  await t.throwsAsync(load(t, { mode: 'rpc', lie: wrong, options }), { message: /wrong reply/ });
});

test('a program is timed, and its output or the number of its lines is checked', async (t) => {
  const generator = await compiled;
  const program = { command: ['sh', '-c', 'echo one; echo two'], env: {} };
  const { ms, outputMs, processorMs } = await generator.wall({ ...program, expect: 'one\ntwo\n' });
  t.true(outputMs > 0 && outputMs <= ms && processorMs > 0);
  t.true((await generator.wall({ ...program, lines: 2 })).ms > 0);
  await t.throwsAsync(generator.wall({ ...program, lines: 3 }), { message: /2 lines instead of 3/ });
  await t.throwsAsync(generator.wall({ ...program, expect: 'one' }), { message: /wrong output/ });
});

test('without a C compiler it is said what to do', async (t) => {
  const folder = await tempDir(t);
  const compiled = compileGenerator(folder, `${folder}/no-such-compiler`);
  await t.throwsAsync(compiled, { message: /There is no C compiler[\s\S]*apt-get install[\s\S]*xcode-select/ });
});
