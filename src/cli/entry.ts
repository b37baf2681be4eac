/** The program: what bin/launchpool.cjs imports once it knows that this Node will do. */
import { main } from './main.ts';

await main(process.argv.slice(2));
