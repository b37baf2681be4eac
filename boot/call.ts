/**
 * Ships in the program: `launchpool call`, in one file with its compiled code. What this file does not understand, such as a
 * request for help or wrong usage, goes to the command line as a whole.
 */
import { cacheFolder } from './cache-folder.ts';
import { loadWithCode } from './code-cache.ts';

type Call = typeof import('../src/cli/call-entry.ts');

const call = loadWithCode<Call>(`${__dirname}/runtime/call.js`, cacheFolder());
if (call.exports.runCall(process.argv.slice(3))) process.once('exit', save);
else import('../src/cli/entry.ts');

function save(): void {
  try {
    call.save();
  } catch {
    // Without a folder to write to, the next call compiles again.
  }
}
