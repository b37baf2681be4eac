/** `launchpool top`: shows the figures of running agents repeatedly. Starts no process. */
import { setTimeout as wait } from 'node:timers/promises';
import { numberOf } from '../../agent/agent-flags.ts';
import { describe, exitStatusOf } from '../failure.ts';
import { observeAgents } from '../top/observed-agents.ts';
import { openView, type View } from '../top/view.ts';

export type TopFlags = { once?: boolean; interval?: string; json?: boolean };

/** A main thread answers at once. An agent that does not answer delays the others by this time, once. */
const TIMEOUT_MS = 2_000;

/** @param target all installed agents if it is undefined. */
export async function topVerb(target: string | undefined, flags: TopFlags): Promise<number> {
  const observed = observeAgents(target);
  const ending = new AbortController();
  const end = (): void => ending.abort();
  process.once('SIGINT', end).once('SIGTERM', end).once('SIGHUP', end);
  // The reader of the pipe has closed it.
  process.stdout.on('error', end);
  let view: View | undefined;
  try {
    const intervalMs = numberOf(flags.interval ?? '1', '--interval', 0.1, 3600) * 1000;
    let agents = await observed.next(TIMEOUT_MS);
    view = openView({ once: flags.once, json: flags.json, ending, redraw: () => view?.show(agents) });
    await view.show(agents);
    while (!flags.once && !ending.signal.aborted) {
      await wait(intervalMs, undefined, { signal: ending.signal });
      agents = await observed.next(TIMEOUT_MS);
      if (!ending.signal.aborted) await view.show(agents);
    }
    return 0;
  } catch (error) {
    if (ending.signal.aborted) return 0;
    process.stderr.write(`launchpool: ${describe(error)}\n`);
    return exitStatusOf(error);
  } finally {
    view?.close();
    observed.close();
  }
}
