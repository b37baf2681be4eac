/** Clients and instances on a cluster of NATS, of which servers and instances end and start: a short run of test/soak/nats.test.ts. */
import test from 'ava';
import { runLedger } from '../helpers/nats-ledger.ts';
import { declareWith } from '../helpers/not-tested.ts';

declareWith(test)('every call has one outcome, and none runs twice that may not', async (t) => {
  t.timeout(5 * 60_000);
  const report = await runLedger(t, 18_000);
  t.log(JSON.stringify(report));
  t.true((report.outcomes.result ?? 0) > 100);
});
