/** Sends the mutated corpus to running agents over many connections, with right requests in between. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectRpc } from '../../src/client/rpc.ts';
import { BUSY, type HeldAgent, holdAgent } from '../agents.ts';
import { createFaultList, type FaultList } from '../fault-list.ts';
import { mebibytes, type ProcessFigures } from '../process-figures.ts';
import type { Random } from '../random.ts';
import type { Scope } from '../scope.ts';
import type { Outcome } from '../verb.ts';
import { type ConversationResult, checkKeyedConversation, checkOpenConversation } from './conversations.ts';
import { waitUntilIdle } from './wait-until-idle.ts';

const CONNECTIONS = 16;
const CALL_TIMEOUT_MS = 60_000;
/** A leak per input exceeds these bounds early in a long run. */
const MAX_GROWTH_BYTES = 128 * 2 ** 20;
const MAX_DESCRIPTORS_MORE = 8;
const KEY = 'the key of this run';

export async function checkAgents(
  scope: Scope,
  random: Random,
  inputs: number,
  progress: (done: number) => void,
): Promise<Outcome> {
  const faults = createFaultList();
  const { open, keyed } = await holdAgents(scope);
  let sent = 0;
  let connections = 0;
  let answered = 0;

  function add(result: ConversationResult): void {
    sent += result.sent;
    answered += result.answered;
    for (const fault of result.faults) faults.add(fault);
  }

  async function callKeyed(name: string): Promise<void> {
    const client = await connectRpc(keyed.socketPath, { authkey: KEY });
    const answer = await client.call('sync', [name], { timeoutMs: CALL_TIMEOUT_MS });
    client.close();
    if (answer === name) answered += 1;
    else faults.add(`${name}: a client with the key is answered with ${answer}`);
  }

  async function runConnection(index: number): Promise<void> {
    const name = `seed ${random.seed}, connection ${index}`;
    try {
      if (index % 50 === 49) await callKeyed(name);
      else if (index % 8 === 7) add(await checkKeyedConversation(keyed.socketPath, random.fork(index), name));
      else add(await checkOpenConversation(open.socketPath, random.fork(index), name));
    } catch (error) {
      faults.add(`${name}: ${(error as Error).stack}`);
    }
  }

  async function runConnections(until: number): Promise<void> {
    await Promise.all(
      Array.from({ length: CONNECTIONS }, async () => {
        while (sent < until) {
          const index = connections;
          connections += 1;
          await runConnection(index);
          progress(sent);
        }
      }),
    );
  }

  await Promise.all([
    callKeyed('the first'),
    checkOpenConversation(open.socketPath, random.fork(-2), 'the first').then(add),
  ]);
  await runConnections(Math.floor(inputs / 10));
  const agents = [open, keyed];
  const before = await Promise.all(agents.map((held) => waitUntilIdle(held, faults.add)));
  await runConnections(inputs);
  const after = await Promise.all(agents.map((held) => waitUntilIdle(held, faults.add)));
  for (const [index, held] of agents.entries()) checkProcess(held, before[index], after[index], faults);
  const figuresOf = (index: number): object => ({
    rssMiB: [before[index], after[index]].map((figures) => figures && mebibytes(figures.rssBytes)),
    descriptors: [before[index], after[index]].map((figures) => figures?.descriptors),
  });
  return {
    faults: faults.list(),
    figures: { inputs: sent, connections, rightAnswers: answered, open: figuresOf(0), keyed: figuresOf(1) },
  };
}

async function holdAgents(scope: Scope): Promise<{ open: HeldAgent; keyed: HeldAgent }> {
  const keyFile = join(scope.folder, 'key');
  writeFileSync(keyFile, KEY, { mode: 0o600 });
  const open = await holdAgent(scope, { name: 'open', module: BUSY, flags: ['--idle', '0'] });
  const keyed = await holdAgent(scope, {
    name: 'keyed',
    module: BUSY,
    flags: ['--idle', '0', '--threads', '1', '--authkey-file', keyFile, '--handshake-timeout', '60'],
  });
  return { open, keyed };
}

/** Checks that the agent is still in its first process, and that the process has not grown. */
function checkProcess(
  { name, times }: HeldAgent,
  before: ProcessFigures | undefined,
  after: ProcessFigures | undefined,
  faults: FaultList,
): void {
  if (times('started') !== 1 || times('waiting') !== 1) faults.add(`the process of the agent "${name}" has ended`);
  if (before === undefined || after === undefined) return;
  if (after.rssBytes - before.rssBytes > MAX_GROWTH_BYTES) {
    faults.add(`${name}: memory ${before.rssBytes} → ${after.rssBytes}`);
  }
  if (after.descriptors - before.descriptors > MAX_DESCRIPTORS_MORE) {
    faults.add(`${name}: descriptors ${before.descriptors} → ${after.descriptors}`);
  }
}
