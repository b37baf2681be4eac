/** How the tests are run: each file in a process of its own, for descriptors, signals and the environment are real. */
import { availableParallelism } from 'node:os';
import { join, relative, sep } from 'node:path';

/** Where the files are that take longest, the longest first: begun last, one of them would be waited for alone. */
const LONGEST = [
  'test/src/install/doctor/',
  'test/conformance/',
  'test/src/install/',
  'test/systemd/',
  'test/end-to-end/',
  'test/house/',
  'test/src/cli/',
];

function rank(file) {
  const path = relative(import.meta.dirname, file)
    .split(sep)
    .join('/');
  const place = LONGEST.findIndex((folder) => path.startsWith(folder));
  return place === -1 ? LONGEST.length : place;
}

export default {
  files: ['test/**/*.test.ts'],
  extensions: ['ts'],
  workerThreads: false,
  // Each process would strip the types of the same files again.
  environmentVariables: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules', '.cache', 'launchpool-test') },
  require: ['./test/helpers/without-compile-cache.ts'],
  timeout: '2m',
  // One more than compute: those under a supervisor wait for it half of their time.
  concurrency: availableParallelism() + 1,
  sortTestFiles: (a, b) => rank(a) - rank(b) || a.localeCompare(b, [], { numeric: true }),
};
