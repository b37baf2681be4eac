/**
 * Ships in the program: the verbs that a shell waits for, each in one file with its compiled code. What such a file does not
 * understand, such as a request for help or wrong usage, goes to the command line as a whole.
 */
import { print } from '../src/cli/print.ts';
import { cacheFolder } from './cache-folder.ts';
import { keepHeapSmall } from './small-heap.ts';

type QuickVerb = Pick<typeof import('../src/cli/quick/call.ts'), 'start'>;

/** Set by the build. */
declare const LAUNCHPOOL_VERSION: string;

const [verb, ...args] = process.argv.slice(2);
if (verb === '--version') {
  if (args.length === 0) void print(`${LAUNCHPOOL_VERSION}\n`);
  else runWhole();
} else {
  if (verb === 'mcp') keepHeapSmall();
  // Not an import: `--version` needs nothing of it.
  const { loadWithCode } = require('./code-cache.ts') as typeof import('./code-cache.ts');
  const loaded = loadWithCode<QuickVerb>(`${__dirname}/runtime/${verb}.js`, cacheFolder());
  if (loaded.exports.start(args)) process.once('exit', () => saveCode(loaded));
  else runWhole();
}

function runWhole(): void {
  import('../src/cli/entry.ts');
}

function saveCode({ save }: { save(): void }): void {
  try {
    save();
  } catch {
    // Without a folder to write to, the next start compiles again.
  }
}
