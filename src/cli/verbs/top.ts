/** `launchpool top`: shows the figures of running agents repeatedly. Starts no process. */
import { setTimeout as wait } from 'node:timers/promises';
import { isServiceTarget } from '../../../wire/address.ts';
import { defaultsOf, parseOptions } from '../../options/parse-options.ts';
import { TOP_TABLE } from '../../options/tool-tables.ts';
import { type CommanderFlags, givenFlags } from '../given-flags.ts';
import { reportError } from '../report.ts';
import { type ObservedAgents, observeAgents } from '../top/observed-agents.ts';
import { openView, type View } from '../top/view.ts';

/** A main thread answers at once. An agent that does not answer delays the others by this time, once. */
const TIMEOUT_MS = 2_000;

/** @param target all installed agents if it is undefined; all instances of a service on NATS. */
export async function topVerb(target: string | undefined, flags: CommanderFlags): Promise<number> {
  let observed: ObservedAgents | undefined;
  const ending = new AbortController();
  const end = (): void => ending.abort();
  process.once('SIGINT', end).once('SIGTERM', end).once('SIGHUP', end);
  // The reader of the pipe has closed it.
  process.stdout.on('error', end);
  let view: View | undefined;
  try {
    const given = parseOptions(TOP_TABLE, givenFlags(TOP_TABLE, flags));
    const options = { ...defaultsOf(TOP_TABLE), ...given };
    observed = await observedBy(target);
    let agents = await observed.next(TIMEOUT_MS);
    view = openView({ once: options.once, json: options.json, ending, redraw: () => view?.show(agents) });
    await view.show(agents);
    while (!options.once && !ending.signal.aborted) {
      await wait(options.intervalMs, undefined, { signal: ending.signal });
      agents = await observed.next(TIMEOUT_MS);
      if (!ending.signal.aborted) await view.show(agents);
    }
    return 0;
  } catch (error) {
    if (ending.signal.aborted) return 0;
    return reportError(error, flags.json as boolean | undefined);
  } finally {
    view?.close();
    observed?.close();
  }
}

async function observedBy(target: string | undefined): Promise<ObservedAgents> {
  if (target === undefined || !isServiceTarget(target)) return observeAgents(target);
  const { observeInstances } = await import('../top/observed-instances.ts');
  return observeInstances(target);
}
