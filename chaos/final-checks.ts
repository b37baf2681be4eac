/** The checks of agents and clients after the load has stopped. */
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { connectRaw } from '../src/client/raw.ts';
import { connectRpc } from '../src/client/rpc.ts';
import { requestStatus } from '../src/control/client.ts';
import type { LaunchpoolError } from '../wire/errors.ts';
import type { HeldAgent } from './agents.ts';
import { DISTURBANCE_ERRORS, type Ledger } from './ledger.ts';
import type { PythonReport } from './python-load.ts';

type AddFault = (fault: string) => void;

const TIMEOUT_MS = 30_000;
const RETRY_MS = 200;
const MESSAGE = 'final check';

/** Checks that the agent still answers. */
export async function checkAnswers(held: HeldAgent, isRaw: boolean, addFault: AddFault): Promise<void> {
  const answer = await callOnce(held, isRaw).catch((error: Error) => error.message);
  if (answer === MESSAGE) return;
  const status = await requestStatus(held.controlPath).catch(String);
  addFault(`${held.name}, final check: ${answer}; status: ${JSON.stringify(status)}`);
}

/** Waits until a request to each agent has had a result, while its load goes on. An agent without one is a fault. */
export async function waitForResults(agents: readonly HeldAgent[], ledger: Ledger, addFault: AddFault): Promise<void> {
  const endAt = performance.now() + TIMEOUT_MS;
  for (const { name } of agents) {
    while (ledger.fates(name).result === undefined && performance.now() < endAt) await wait(RETRY_MS);
    if (ledger.fates(name).result === undefined) addFault(`${name}: no request has a result`);
  }
}

/** A module that is broken at this moment is loaded again. */
async function callOnce(held: HeldAgent, isRaw: boolean): Promise<unknown> {
  for (const endAt = performance.now() + TIMEOUT_MS; ; ) {
    try {
      return await callNow(held, isRaw);
    } catch (error) {
      const { code } = error as LaunchpoolError;
      if (code !== 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED' || performance.now() > endAt) throw error;
      await wait(RETRY_MS);
    }
  }
}

async function callNow({ socketPath }: HeldAgent, isRaw: boolean): Promise<unknown> {
  const connectOptions = { activationMs: TIMEOUT_MS };
  const callOptions = { timeoutMs: TIMEOUT_MS };
  const client = await (isRaw ? connectRaw(socketPath, connectOptions) : connectRpc(socketPath, connectOptions));
  try {
    if ('call' in client) return await client.call('sync', [MESSAGE], callOptions);
    return String(await client.request(MESSAGE, callOptions));
  } finally {
    client.close();
  }
}

/** Checks that every request of the Python client has an outcome, and one with a reason. */
export function checkPython(report: PythonReport | undefined, addFault: AddFault): void {
  if (report === undefined) {
    addFault('python: no outcome');
    return;
  }
  for (const each of report.faults) addFault(`python: ${each}`);
  const settled = Object.values(report.fates).reduce((sum, count) => sum + count, 0);
  if (settled !== report.sent) addFault(`python: ${report.sent} requests have ${settled} outcomes`);
  for (const fate of Object.keys(report.fates)) {
    const isKnown =
      fate === 'result' || fate === 'ERR_LAUNCHPOOL_CONNECTION_CLOSED' || DISTURBANCE_ERRORS.includes(fate);
    if (!isKnown) addFault(`python: ${fate} without a reason`);
  }
}

/** Checks that no request has run twice: each run of `note` appends a line to the file. */
export function checkNotes(file: string, addFault: AddFault): void {
  const seen = new Set<string>();
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line !== '' && seen.has(line)) addFault(`${line} has run twice`);
    seen.add(line);
  }
}
