/** Chooses instances in the simulation as launchpool's client does: with its own code, and with the reply times that it would measure. */
import { Balance, InstanceLoad, type Load } from '../../src/client/nats/balance.ts';

type Server = { start(now: number, ms: number): number };
type Pending = { end: number; load: Load; of: InstanceLoad };

const METHOD = 'simulated';

export function createClientChoice(servers: readonly Server[]): Server {
  const balance = new Balance();
  const members = servers.map((server) => ({ server, load: new InstanceLoad(balance) }));
  // The instances take requests beyond their places, which then wait there.
  for (const { load } of members) load.grant(Number.MAX_SAFE_INTEGER);
  /** The earliest end first. */
  const pending: Pending[] = [];

  function settleUntil(now: number): void {
    for (let next = pending[0]; next !== undefined && next.end <= now; next = pending[0]) {
      pending.shift();
      next.of.answered(next.load, next.end);
      next.of.ended(next.load);
    }
  }

  return {
    start(now, ms) {
      settleUntil(now);
      const { server, load: of } = balance.choose(members, METHOD, now) as (typeof members)[number];
      const load = of.sent(METHOD, now);
      const start = server.start(now, ms);
      const end = start + ms;
      pending.splice(pending.findLastIndex((each) => each.end <= end) + 1, 0, { end, load, of });
      return start;
    },
  };
}
