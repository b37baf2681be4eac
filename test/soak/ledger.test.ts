/** Many requests, some of them slow, failing or crashing; LAUNCHPOOL_TEST_REQUESTS sets their number. */
import { ledger } from '../end-to-end/ledger.ts';

ledger(Number(process.env.LAUNCHPOOL_TEST_REQUESTS ?? 40_000));
