/** Prints what the `answer` of an agent returns under plain Node, and the time from the start of the process. */
import { pathToFileURL } from 'node:url';

const { answer } = await import(pathToFileURL(process.argv[2]).href);
const value = await answer();
process.stdout.write(`\n@answer ${JSON.stringify({ answer: value ?? null, ms: performance.now() })}\n`, () =>
  process.exit(),
);
