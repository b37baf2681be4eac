/** The verbs that take a service on NATS, with real instances. */
import { dirname } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { ENTRY } from '../helpers/agent.ts';
import { callTool, initialize, startBridge } from '../helpers/mcp-agents.ts';
import { startInstance } from '../helpers/nats-cluster.ts';
import { startNatsServer } from '../helpers/nats-server.ts';
import { declareWith } from '../helpers/not-tested.ts';
import { type Finished, runProgram } from '../helpers/program.ts';
import { natsProject } from '../helpers/served-agent.ts';

const natsTest = declareWith(test);

const METHODS = `
/**
 * Adds two numbers.
 * @mcp title: Add
 * @mcp read-only
 */
export function add(a: number, b: number): number { return a + b; }
export async function* count(to: number): AsyncGenerator<number> { for (let n = 0; n < to; n += 1) yield n; }
export const bytes = (length: number): Uint8Array => new Uint8Array(length);
`;

type World = { target: string; folder: string; run: (...args: string[]) => Promise<Finished> };

async function serve(t: ExecutionContext, instances: number, text = METHODS): Promise<World> {
  t.timeout(100_000);
  const { url } = await startNatsServer(t);
  const module = await natsProject(t, text, { isTyped: true });
  const folder = dirname(module);
  await Promise.all(Array.from({ length: instances }, () => startInstance(t, module, url, ['--name', 'sums'])));
  const run = (...args: string[]) => runProgram([process.execPath, ENTRY, ...args], { cwd: folder });
  return { target: `${url}/sums`, folder, run };
}

natsTest('call: results, streams, errors and bytes of a service', async (t) => {
  const { target, run } = await serve(t, 2);
  const added = await run('call', target, 'add', '1', '2');
  t.is(String(added.stdout), '3\n', added.stderr);
  const counted = await run('call', target, 'count', '3', '--stream');
  t.is(String(counted.stdout), '0\n1\n2\n', counted.stderr);
  const wrong = await run('call', target, 'add', '"x"', '2', '--json');
  t.is(wrong.status, 1);
  t.is(JSON.parse(wrong.stderr || String(wrong.stdout)).error.code, 'ERR_LAUNCHPOOL_PARAMS_INVALID');
  t.is((await run('call', target, 'bytes', '2000000', '--text')).stdout.length, 2_000_000);
  const none = await run('call', `${target}-not`, 'add');
  t.is(none.status, 69);
  t.regex(none.stderr, /no instance of nats:\/\/.*sums-not answers/);
});

natsTest('describe: the methods with their types, and examples that clients of NATS can use', async (t) => {
  const { target, run } = await serve(t, 1);
  const all = await run('describe', target);
  t.regex(String(all.stdout), /Adds two numbers\./, all.stderr);
  const one = await run('describe', target.replace('nats://', 'nats://me:secret@'), 'add');
  t.regex(String(one.stdout), /launchpool call nats:\/\/127\.0\.0\.1:\d+\/sums add/, one.stderr);
  t.false(/secret|Python/.test(String(one.stdout)));
});

natsTest('top: a line for each instance', async (t) => {
  const { target, run } = await serve(t, 2);
  const once = await run('top', target, '--once');
  const lines = String(once.stdout).trim().split('\n');
  t.is(lines.length, 2, once.stderr);
  for (const line of lines) t.regex(line, /^sums \w+ .*running .*requests\/s/);
});

natsTest('mcp: the methods of a service are tools', async (t) => {
  const { target, folder } = await serve(t, 1);
  const client = startBridge(t, { env: process.env, cwd: folder }, [target.replace('nats://', 'nats://me:secret@')]);
  await initialize(client);
  const { result } = (await client.request('tools/list')) as { result: { tools: { name: string }[] } };
  t.like(
    result.tools.find(({ name }) => name === 'add'),
    { title: 'Add', annotations: { readOnlyHint: true }, description: 'Adds two numbers.' },
  );
  t.like(await callTool(client, 'add', { a: 1, b: 2 }), { result: { content: [{ type: 'text', text: '3' }] } });
  t.false(JSON.stringify(client.messages).includes('secret'));
});
