/** A debugger at the threads of `launchpool dev`. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { connectRpc } from '../../src/client/rpc.ts';
import { ENTRY } from '../helpers/agent.ts';
import { type Frame, inspectorClient } from '../helpers/inspector-client.ts';
import { replaceFile } from '../helpers/install-record.ts';
import { freePort } from '../helpers/ports.ts';
import { type Running, startProgram } from '../helpers/program.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';
import '../helpers/with-compile-cache.ts';

type Paused = { callFrames: [Frame, ...Frame[]]; hitBreakpoints: string[] };
type Dev = Running & { module: string; url: string; socket: string; controlSocket: string };

async function startDev(t: ExecutionContext, name: string, text: string, ...flags: string[]): Promise<Dev> {
  const folder = await tempDir(t);
  const module = join(folder, name);
  writeFileSync(module, text);
  const socket = join(folder, 'a.sock');
  const running = startProgram(t, [process.execPath, ENTRY, 'dev', module, '--socket', socket, ...flags]);
  return { ...running, module, url: pathToFileURL(module).href, socket, controlSocket: join(folder, 'a.control.sock') };
}

const LINE =
  /thread (\d+) (can be debugged|waits for a debugger before it loads the module): attach VS Code or chrome:\/\/inspect to 127\.0\.0\.1:(\d+), or a client to (ws:\/\/127\.0\.0\.1:\3\/\S+)/g;

/** The lines about threads so far, once there are so many. */
async function inspectorLines({ stderr }: Running, count: number) {
  const text = await stderr(new RegExp(`(?:${LINE.source.replace('\\3', '\\d+')}[^]*){${count}}`));
  return [...text.matchAll(LINE)].map(([, thread, state, port, url]) => ({ thread, state, port, url: url as string }));
}

const MODULE = `// A comment, which the compiler removes.
interface Options {
  loud: boolean;
}

enum Mark { None = '', Loud = '!' }

export function greet(name: string, { loud }: Options): string {
  const mark: Mark = loud ? Mark.Loud : Mark.None;
  return \`Hello, \${name}\${mark}\`;
}
`;
const GREET_LINE = MODULE.split('\n').findIndex((line) => line.includes('const mark'));

test('a breakpoint in the TypeScript source pauses the thread, which no limit ends', async (t) => {
  const limits = ['--cancel-grace', '0', '--run-timeout', '0.4'];
  const dev = await startDev(t, 'agent.ts', MODULE, '--inspect', ...limits);
  // Before any client has connected.
  const [line] = await inspectorLines(dev, 1);
  t.like(line, { thread: '1', state: 'can be debugged' });
  const debug = await inspectorClient(t, line?.url as string);
  await debug.send('Debugger.enable');
  const script = await debug.script(dev.url);
  const lineNumber = await debug.compiledLine(script, GREET_LINE);
  t.not(lineNumber, GREET_LINE);
  const { breakpointId } = await debug.send('Debugger.setBreakpointByUrl', { url: dev.url, lineNumber });

  const client = await connectRpc(dev.socket);
  t.teardown(() => client.close());
  const paused = debug.next<Paused>('Debugger.paused');
  await t.throwsAsync(client.call('greet', ['Ada', { loud: true }]), { code: 'ERR_LAUNCHPOOL_RUN_TIMEOUT' });
  const { callFrames, hitBreakpoints } = await paused;
  t.deepEqual(hitBreakpoints, [String(breakpointId)]);
  t.is(callFrames[0].functionName, 'greet');
  t.deepEqual(debug.placeOf(callFrames[0]), { url: dev.url, line: GREET_LINE });
  t.is(await debug.evaluate(callFrames[0], 'name'), 'Ada');
  // Longer than all limits; a thread that is ended does not come to the value.
  t.is(await debug.evaluate(callFrames[0], 'for (const end = Date.now() + 1500; Date.now() < end; ); loud'), true);
  await debug.send('Debugger.resume');
  await debug.send('Debugger.removeBreakpoint', { breakpointId: String(breakpointId) });
  const greetBob = (): Promise<unknown> => client.call('greet', ['Bob', { loud: false }]).catch(({ code }) => code);
  let reply = await greetBob();
  // On a machine that is busy, it takes longer than its limit.
  while (reply === 'ERR_LAUNCHPOOL_RUN_TIMEOUT') reply = await greetBob();
  t.is(reply, 'Hello, Bob');

  const control = await connectRpc(dev.controlSocket);
  t.teardown(() => control.close());
  t.like(await control.call('status', []), { threads: 1, restarts: 0 });
  t.notRegex(await dev.stderr(/listens at/), /thread-replaced|thread-unresponsive|thread-lost/);
});

test('a paused request is answered when the debugger goes on', async (t) => {
  const dev = await startDev(t, 'agent.ts', MODULE, '--inspect');
  const [line] = await inspectorLines(dev, 1);
  const debug = await inspectorClient(t, line?.url as string);
  await debug.send('Debugger.enable');
  const lineNumber = await debug.compiledLine(await debug.script(dev.url), GREET_LINE);
  await debug.send('Debugger.setBreakpointByUrl', { url: dev.url, lineNumber });
  const client = await connectRpc(dev.socket);
  t.teardown(() => client.close());
  const paused = debug.next<Paused>('Debugger.paused');
  const reply = client.call('greet', ['Ada', { loud: true }]);
  const { callFrames } = await paused;
  t.is(await debug.evaluate(callFrames[0], 'name'), 'Ada');
  await debug.send('Debugger.resume');
  t.is(await reply, 'Hello, Ada!');
});

test('after a change, the agent starts again and has its inspector at the same port', async (t) => {
  const port = String(await freePort('127.0.0.1'));
  const dev = await startDev(t, 'agent.ts', MODULE, `--inspect=${port}`);
  const [first] = await inspectorLines(dev, 1);
  t.is(first?.port, port);
  replaceFile(dev.module, MODULE.replace('Hello', 'Servus'));
  const [, second] = await inspectorLines(dev, 2);
  t.is(second?.port, port);
  t.not(second?.url, first?.url);
  const client = await connectRpc(dev.socket);
  t.teardown(() => client.close());
  await until(async () => (await client.call('greet', ['Ada', { loud: false }])) === 'Servus, Ada');
});

test('--inspect-wait: a thread waits for its debugger before it loads the module, at a free port if the other is in use', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.teardown(() => taken.close());
  const { port } = taken.address() as AddressInfo;
  const text = 'globalThis.loads = 1;\nexport const answer = () => 42;\n';
  const dev = await startDev(t, 'agent.mjs', text, `--inspect-wait=${port}`);
  const [line] = await inspectorLines(dev, 1);
  t.like(line, { thread: '1', state: 'waits for a debugger before it loads the module' });
  t.not(line?.port, String(port));
  const client = await connectRpc(dev.socket);
  t.teardown(() => client.close());
  const reply = client.call('answer', []);
  const debug = await inspectorClient(t, line?.url as string);
  await debug.send('Debugger.enable');
  await debug.send('Debugger.setBreakpointByUrl', { url: dev.url, lineNumber: 0 });
  const paused = debug.next<Paused>('Debugger.paused');
  await debug.send('Runtime.runIfWaitingForDebugger');
  const { callFrames } = await paused;
  t.deepEqual(debug.placeOf(callFrames[0]), { url: dev.url, line: 0 });
  t.is(await debug.evaluate(callFrames[0], 'globalThis.loads'), undefined);
  await debug.send('Debugger.resume');
  t.is(await reply, 42);
});

test('each of several threads has its inspector', async (t) => {
  const text = `
    import { threadId } from 'node:worker_threads';
    export const thread = () => threadId;
    export const twice = (n: number): number => 2 * n;`;
  const dev = await startDev(t, 'agent.ts', text, '--inspect', '--threads', '2', '--min-threads', '2');
  const lines = await inspectorLines(dev, 2);
  t.is(new Set(lines.map(({ port }) => port)).size, 2);
  t.deepEqual(lines.map(({ thread }) => thread).sort(), ['1', '2']);
  for (const { url } of lines) {
    const debug = await inspectorClient(t, url);
    const { result } = await debug.send<{ result: { value: string } }>('Runtime.evaluate', {
      expression: 'typeof process',
    });
    t.is(result.value, 'object');
    debug.close();
  }
});

test('a debugger that is paused does not hold up the end of dev', async (t) => {
  const dev = await startDev(t, 'agent.ts', MODULE, '--inspect', '--drain', '0.1', '--cancel-grace', '0');
  const [line] = await inspectorLines(dev, 1);
  const debug = await inspectorClient(t, line?.url as string);
  await debug.send('Debugger.enable');
  const lineNumber = await debug.compiledLine(await debug.script(dev.url), GREET_LINE);
  await debug.send('Debugger.setBreakpointByUrl', { url: dev.url, lineNumber });
  const client = await connectRpc(dev.socket);
  t.teardown(() => client.close());
  const paused = debug.next<Paused>('Debugger.paused');
  const reply = t.throwsAsync(client.call('greet', ['Ada', { loud: true }]));
  await paused;
  dev.signal('SIGINT');
  t.is(await dev.ended, 0);
  await reply;
});
