/**
 * A service on a cluster of NATS: three servers, five instances, 16 clients. One server and one instance are killed, another instance
 * leaves, and two start. `npm run soak:nats` takes five minutes for it.
 */
import test from 'ava';
import { runLedger } from '../helpers/nats-ledger.ts';
import { declareWith } from '../helpers/not-tested.ts';

const MINUTE = 60_000;
const IS_WHOLE = process.env.LAUNCHPOOL_WHOLE_SOAK !== undefined;
const DURATION_MS = IS_WHOLE ? 5 * MINUTE : MINUTE / 3;
/** The promise is one second, on a machine that has time for it. */
const MAX_NOTICED_MS = IS_WHOLE ? 1_000 : MINUTE;

declareWith(test)('every call has one outcome, none runs twice that may not, and lost ones are told', async (t) => {
  t.timeout(10 * MINUTE);
  const report = await runLedger(t, DURATION_MS);
  t.log(JSON.stringify(report, undefined, 2));
  t.true((report.outcomes.result ?? 0) > 100);
  for (const [kill, ms] of Object.entries(report.noticedMs)) t.true(ms <= MAX_NOTICED_MS, `${kill}: ${ms} ms`);
});
