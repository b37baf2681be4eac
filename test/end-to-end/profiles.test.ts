/** The profiles that `launchpool dev` writes of its threads. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { connectRpc } from '../../src/client/rpc.ts';
import { ENTRY } from '../helpers/agent.ts';
import { type Running, runProgram, startProgram } from '../helpers/program.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import '../helpers/with-compile-cache.ts';

const MODULE = `// A comment, which the compiler removes.
interface Options {
  ms: number;
}

const kept: object[] = [];

// On a loaded machine, a profile has no sample of a thread that has not run.
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
export function work({ ms }: Options): number {
  let sum = 0;
  for (const end = cpuMs() + ms; cpuMs() < end; ) {
    for (let n = 0; n < 100_000; n += 1) sum += Math.sqrt(sum + 1);
  }
  return sum;
}
export function keep(count: number): void {
  for (let n = 0; n < count; n += 1) kept.push({ n, text: \`text \${n}\` });
}
export function spin(): void {
  console.log('spins');
  for (;;);
}
export function die(): void {
  work({ ms: 100 });
  setTimeout(() => {
    throw new Error('dies');
  });
}
`;
/** From 0. */
const lineOf = (mark: string): number => MODULE.split('\n').findIndex((line) => line.includes(mark));

type Node = {
  callFrame: { functionName: string; url: string; lineNumber: number };
  positionTicks?: { line: number; ticks: number }[];
  selfSize?: number;
  children?: (Node | number)[];
};

async function startDev(t: ExecutionContext, ...flags: string[]) {
  const folder = await tempDir(t);
  const profiles = join(folder, 'new', 'profiles');
  const module = join(folder, 'agent.ts');
  writeFileSync(module, MODULE);
  const socket = join(folder, 'a.sock');
  const command = ['dev', module, '--socket', socket, '--threads', '1', '--prof-dir', profiles, ...flags];
  const dev = startProgram(t, [process.execPath, ENTRY, ...command]);
  await dev.stderr(/listens at/);
  return { ...dev, profiles, url: pathToFileURL(module).href, client: await connectRpc(socket) };
}

/** The path that the log has for a profile. */
async function pathOf({ stderr }: Running, kind: string, thread: number): Promise<string> {
  const pattern = new RegExp(`${kind} profile of thread ${thread}: (\\S+) \\(open it in VS Code, or load it in the `);
  return String(pattern.exec(await stderr(pattern))?.[1]);
}

/** The nodes of a function in a profile. */
function nodesOf(path: string, name: string): Node[] {
  const { nodes, head } = JSON.parse(readFileSync(path, 'utf8')) as { nodes?: Node[]; head?: Node };
  const all = (node: Node): Node[] => [
    node,
    ...(node.children ?? []).flatMap((child) => (typeof child === 'object' ? all(child) : [])),
  ];
  return (nodes ?? all(head as Node)).filter(({ callFrame }) => callFrame.functionName === name);
}

test('at the end of dev, each kind has a file that names the handlers, their TypeScript file and its lines', async (t) => {
  const dev = await startDev(t, '--cpu-prof', '--heap-prof');
  await dev.client.call('work', [{ ms: 300 }]);
  await dev.client.call('keep', [50_000]);
  dev.client.close();
  dev.signal('SIGINT');
  t.is(await dev.ended, 0);

  const cpu = await pathOf(dev, 'CPU', 1);
  t.regex(basename(cpu), /^agent-thread1-\d{8}T\d{6}\.cpuprofile$/);
  const [work] = nodesOf(cpu, 'work');
  t.like(work?.callFrame, { url: dev.url, lineNumber: lineOf('function work') });
  const lines = work?.positionTicks?.map(({ line }) => line - 1) ?? [];
  t.true(
    lines.some((line) => line === lineOf('for (const end') || line === lineOf('sum += ')),
    String(lines),
  );
  t.deepEqual(lines, [...new Set(lines)]);

  const heap = await pathOf(dev, 'heap', 1);
  t.regex(basename(heap), /^agent-thread1-\d{8}T\d{6}\.heapprofile$/);
  const nodes = nodesOf(heap, 'keep');
  t.true(nodes.some(({ selfSize = 0 }) => selfSize > 0));
  for (const { callFrame } of nodes) t.like(callFrame, { url: dev.url, lineNumber: lineOf('function keep') });
  t.deepEqual(readdirSync(dev.profiles).sort(), [basename(cpu), basename(heap)].sort());
});

test('threads that are terminated in a loop, and threads that die of an error, leave their profiles', async (t) => {
  const dev = await startDev(t, '--cpu-prof', '--cancel-grace', '0');
  const cancelling = new AbortController();
  const spinning = t.throwsAsync(dev.client.call('spin', [], { signal: cancelling.signal }));
  await dev.stderr(/spins/);
  cancelling.abort();
  await spinning;
  t.like(nodesOf(await pathOf(dev, 'CPU', 1), 'spin')[0]?.callFrame, {
    url: dev.url,
    lineNumber: lineOf('function spin'),
  });
  await dev.client.call('die', []);
  t.true(nodesOf(await pathOf(dev, 'CPU', 2), 'work').length > 0);
  t.is(typeof (await dev.client.call('work', [{ ms: 300 }])), 'number');
  dev.client.close();
  dev.signal('SIGTERM');
  t.is(await dev.ended, 0);
  t.true(nodesOf(await pathOf(dev, 'CPU', 3), 'work').length > 0);
  t.is(readdirSync(dev.profiles).length, 3);
});

test('a folder for profiles that cannot be made, and one without a profile, are errors of usage', async (t) => {
  const folder = await tempDir(t);
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const run = (...flags: string[]) =>
    runProgram([process.execPath, ENTRY, 'dev', join(folder, 'agent.ts'), '--socket', join(folder, 's'), ...flags]);
  const under = await run('--cpu-prof', '--prof-dir', join(file, 'profiles'));
  t.is(under.status, 64);
  t.regex(under.stderr, /--prof-dir \S+\/file\/profiles: ENOTDIR.*folder that you may write/s);
  const alone = await run('--prof-dir', folder);
  t.is(alone.status, 64);
  t.regex(alone.stderr, /there is no profile to write.*--cpu-prof or --heap-prof/s);
  t.deepEqual(readdirSync(folder), ['file']);
});
