/** Waits for an agent to come to rest, and reads what its process takes then. */
import { setTimeout as wait } from 'node:timers/promises';
import { connectRpc } from '../../src/client/rpc.ts';
import type { HeldAgent } from '../agents.ts';
import { type ProcessFigures, readProcess } from '../process-figures.ts';

/** Enough for what nobody waits for any more. */
const CHECKS = 600;
const CHECK_MS = 50;

/** When it has nothing under way any more; the connection that asks does not count. */
export async function settled(held: HeldAgent, fault: (what: string) => void): Promise<ProcessFigures | undefined> {
  let open = '';
  for (let checks = 0; checks < CHECKS; checks += 1) {
    const client = await connectRpc(held.controlPath);
    const status = (await client.call('status', [])) as { connections: number; requests: number };
    client.close();
    if (status.connections === 0 && status.requests === 0) return readProcess(held.pid);
    open = `${status.connections} connections and ${status.requests} requests`;
    await wait(CHECK_MS);
  }
  fault(`${held.name}: ${open} do not end`);
  return readProcess(held.pid);
}
