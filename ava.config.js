/**
 * How the tests are run. test/run.ts names the group of files in LAUNCHPOOL_TEST_GROUP: `threads`, then `processes`. Without a
 * group, every file runs in a process of its own.
 */
import { availableParallelism } from 'node:os';
import { join, relative, sep } from 'node:path';

const TESTS = 'test/**/*.test.ts';
/** What tests start or show; some of it looks like a test. */
const FIXTURES = '!test/fixtures/**';
/** Runs that take long and load the whole machine: `npm run test:soak`. */
const SOAKS = 'test/soak/**';

/**
 * Files that hold no socket for an agent and change nothing that belongs to the process: signals, umask, descriptors by
 * number. A thread with AVA takes a third of the processor time that a process with AVA takes to start.
 */
const ON_THREADS = [
  'test/{build,chaos,description,job,wire,workers}/**/*.test.ts',
  'test/bench/{generator,growth,measure,noise,outcome,techniques}.test.ts',
  'test/bench/guard/{comparison,interval,rounds}.test.ts',
  'test/house/{arrows,errors,security,words}.test.ts',
  'test/launchd/{launchctl,plist}.test.ts',
  'test/libc/is-bound.test.ts',
  'test/systemd/{foreign-units,notify,supervisor,systemctl}.test.ts',
  'test/src/{bundle,checks,client,dispatch,module,options,pool,profiles}/**/*.test.ts',
  'test/src/{log,log-file}.test.ts',
  'test/src/agent/!(control-answers|reload).test.ts',
  'test/src/agent/connections/!(backpressure|connection|memory).test.ts',
  'test/src/cli/top/*.test.ts',
  'test/src/cli/{bare-options,default-label,description-text,dev-bundle-notes,file-watcher,find,given-flags}.test.ts',
  'test/src/cli/{help,install-env,install-text,package-options,progress-bar,repl-lines,run-arguments}.test.ts',
  'test/src/cli/{completion/{candidates,plain-word},quick/arguments,verbs/repl}.test.ts',
  'test/src/describe/!(describe-module).test.ts',
  'test/src/gate/{gate,allowed-users,socket-safety}.test.ts',
  'test/src/install/{files,method-notes,node-path,replace-process,rollback,version-folder}.test.ts',
  'test/src/installed/*.test.ts',
  'test/src/mcp/!(calling).test.ts',
  'test/src/mcp/clients/{json,toml}-config.test.ts',
  'test/src/testing/last-lines.test.ts',
];

/** The longest first: a long file that starts last runs alone at the end. */
const LONGEST = [
  'test/src/install/install-faults',
  'test/src/install/upgrade',
  'test/src/install/doctor/',
  'test/conformance/',
  'test/src/install/',
  'test/end-to-end/',
  'test/systemd/',
  'test/house/',
  'test/src/cli/',
];

const PARALLEL = availableParallelism();
const GROUPS = {
  threads: { files: ON_THREADS, workerThreads: true, concurrency: PARALLEL + 1 },
  // Agents and service managers are waited for most of the time.
  processes: {
    files: [TESTS, FIXTURES, `!${SOAKS}`, ...ON_THREADS.map((pattern) => `!${pattern}`)],
    concurrency: Math.min(4 * PARALLEL, 16),
  },
};

function rank(file) {
  const path = relative(import.meta.dirname, file)
    .split(sep)
    .join('/');
  const place = LONGEST.findIndex((start) => path.startsWith(start));
  return place === -1 ? LONGEST.length : place;
}

export default {
  files: [TESTS, FIXTURES],
  extensions: ['ts'],
  workerThreads: false,
  // Each process would strip the types of the same files again.
  environmentVariables: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules', '.cache', 'launchpool-test') },
  require: ['./test/helpers/without-compile-cache.ts'],
  timeout: '2m',
  concurrency: PARALLEL + 1,
  sortTestFiles: (a, b) => rank(a) - rank(b) || a.localeCompare(b, [], { numeric: true }),
  ...GROUPS[process.env.LAUNCHPOOL_TEST_GROUP],
};
