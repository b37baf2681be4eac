/** Waits until an agent is idle, and reads the figures of its process. */
import { setTimeout as wait } from 'node:timers/promises';
import { connectRpc } from '../../src/client/rpc.ts';
import type { HeldAgent } from '../agents.ts';
import { type ProcessFigures, readProcess } from '../process-figures.ts';

/** Long enough for cancelled requests to end. */
const CHECKS = 600;
const CHECK_MS = 50;

/** Waits until the agent has no connections and no requests; its status does not count the control connection. */
export async function waitUntilIdle(
  held: HeldAgent,
  addFault: (fault: string) => void,
): Promise<ProcessFigures | undefined> {
  let open = '';
  for (let checks = 0; checks < CHECKS; checks += 1) {
    const client = await connectRpc(held.controlPath);
    const status = (await client.call('status', [])) as { connections: number; requests: number };
    client.close();
    if (status.connections === 0 && status.requests === 0) return readProcess(held.pid);
    open = `${status.connections} connections and ${status.requests} requests`;
    await wait(CHECK_MS);
  }
  addFault(`${held.name}: ${open} do not end`);
  return readProcess(held.pid);
}
