/** Many requests with slow, failing and crashing ones among them: as many as LAUNCHPOOL_TEST_REQUESTS says. */
import { ledger } from '../end-to-end/ledger.ts';

ledger(Number(process.env.LAUNCHPOOL_TEST_REQUESTS ?? 40_000));
