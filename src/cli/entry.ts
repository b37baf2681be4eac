/** The program: what bin/launchpool.cjs loads once it knows that this Node will do. */
import { main } from './main.ts';

await main(process.argv.slice(2));
