/** A few thousand requests with slow, failing and crashing ones among them. */
import { ledger } from './ledger.ts';

ledger(8_000);
