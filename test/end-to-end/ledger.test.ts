/** A few thousand requests, some of them slow, failing or crashing. */
import { ledger } from './ledger.ts';

ledger(8_000);
