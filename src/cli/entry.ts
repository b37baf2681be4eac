/** The program, which bin/launchpool.cjs imports after it has checked the version of Node. */
import { main } from './main.ts';

await main(process.argv.slice(2));
