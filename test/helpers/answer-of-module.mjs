/** Prints what the `answer` of a module returns, imported by plain Node. */
import { pathToFileURL } from 'node:url';

const loaded = await import(pathToFileURL(process.argv[2]).href);
const exported = loaded.answer === undefined ? loaded.default : loaded;
process.stdout.write(JSON.stringify(await exported.answer()) ?? 'null');
