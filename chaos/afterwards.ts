/** What is asked of agents, and looked at, when the load is over. */
import { readFileSync } from 'node:fs';
import { connectRaw } from '../src/client/raw.ts';
import { connectRpc } from '../src/client/rpc.ts';
import { requestStatus } from '../src/control/client.ts';
import type { HeldAgent } from './agents.ts';
import { UNDER_FIRE } from './ledger.ts';
import type { PythonReport } from './python-load.ts';

type Fault = (what: string) => void;

const TIMEOUT_MS = 30_000;
const QUESTION = 'afterwards';

/** Whatever was done to it, it answers. */
export async function checkAnswers(held: HeldAgent, isRaw: boolean, fault: Fault): Promise<void> {
  const answer = await askOnce(held, isRaw).catch((error: Error) => error.message);
  if (answer === QUESTION) return;
  const status = await requestStatus(held.controlPath).catch(String);
  fault(`${held.name}, afterwards: ${answer}; the agent says ${JSON.stringify(status)}`);
}

async function askOnce({ socketPath }: HeldAgent, isRaw: boolean): Promise<unknown> {
  const connectOptions = { activationMs: TIMEOUT_MS };
  const callOptions = { timeoutMs: TIMEOUT_MS };
  const client = await (isRaw ? connectRaw(socketPath, connectOptions) : connectRpc(socketPath, connectOptions));
  try {
    if ('call' in client) return await client.call('sync', [QUESTION], callOptions);
    return String(await client.request(QUESTION, callOptions));
  } finally {
    client.close();
  }
}

export function checkPython(report: PythonReport | undefined, fault: Fault): void {
  if (report === undefined) {
    fault('python: no outcome');
    return;
  }
  for (const each of report.faults) fault(`python: ${each}`);
  const settled = Object.values(report.fates).reduce((sum, count) => sum + count, 0);
  if (settled !== report.sent) fault(`python: ${report.sent} requests have ${settled} outcomes`);
  for (const fate of Object.keys(report.fates)) {
    const isKnown = fate === 'result' || fate === 'ERR_LAUNCHPOOL_CONNECTION_CLOSED' || UNDER_FIRE.includes(fate);
    if (!isKnown) fault(`python: ${fate}, for no reason`);
  }
}

/** Whatever was told of them: no request has been run twice. */
export function checkNotes(file: string, fault: Fault): void {
  const seen = new Set<string>();
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line !== '' && seen.has(line)) fault(`${line} has been run twice`);
    seen.add(line);
  }
}
