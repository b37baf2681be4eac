/** Holds names and prose to the terms of this field: the words that they replaced must not come back. */
import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const root = fileURLToPath(new URL('../..', import.meta.url));
const files = globSync(
  '{wire,description,job,libc,launchd,systemd,workers,boot,build,bin,src,bench,chaos,test,examples,site}/**/*.{ts,cts,mts,mjs,cjs,py,c}',
  {
    cwd: root,
    exclude: ['test/fixtures/broken/**', '{examples/*,site}/node_modules/**', 'site/dist/**'],
  },
);

/** Words and pairs of words that no identifier and no file name contains. */
const OLD_WORDS: readonly string[] = [
  'passage',
  'passages',
  'entrance',
  'entrances',
  'lane',
  'lanes',
  'segment',
  'segments',
  'flight',
  'flights',
  'fly',
  'flying',
  'land',
  'landed',
  'recall',
  'withdraw',
  'withdrawal',
  'withdrawals',
  'endings',
  'warn all',
  'aside',
  'asides',
  'patience',
  'crowd',
  'crowds',
  'lingerer',
  'lingerers',
  'linger',
  'turned away',
  'turn away',
  'dripping',
  'sweep',
  'swept',
  'look',
  'looks',
  'looked',
  'farewell',
  'take leave',
  'leaving',
  'gets on',
  'door',
  'kernel',
  'roster',
  'silence',
  'told',
  'prove',
  'ours',
  'tidy',
  'surroundings',
  'most',
  'least',
  'nobody',
  'somebody',
  'whoever',
  'begun',
];

/** Words that no text of the product has: errors, hints, help, log lines. */
const OLD_TEXT_WORDS: readonly string[] = [
  ...[
    'nobody',
    'somebody',
    'anybody',
    'whoever',
    'shall',
    'begun',
    'meanwhile',
    'likewise',
    'anew',
    'knock',
    'knocked',
  ],
  ...[
    'passage',
    'entrance',
    'lane',
    'flight',
    'withdrawal',
    'crowd',
    'patience',
    'farewell',
    'roster',
    'tidy',
    'dripping',
  ],
  ...['turned away', 'hung up', 'hangs up', 'given up', 'let in', 'of which', 'of whom', 'for ever'],
];

/** Words that no comment, title of a test and document has. */
const OLD_PROSE_WORDS = /\b(?:nobody|somebody|anybody|whoever|shall|begun|meanwhile|likewise|anew)\b/i;

/** The events of the agent's log. */
const LOG_EVENTS: ReadonlySet<string> = new Set([
  ...[
    'checked-in',
    'listening',
    'shutdown',
    'drain-timeout',
    'reloaded',
    'reload-failed',
    'module-broken',
    'methods-differ',
    'module-file-unfit',
  ],
  ...['jetstream-failed', 'jetstream-found', 'jetstream-refused'],
  ...['task-dead', 'task-failed', 'task-removed', 'task-retried', 'tasks-refused'],
  ...[
    'nats-connected',
    'nats-disconnected',
    'nats-reconnected',
    'nats-error',
    'nats-server-leaves',
    'nats-serving',
    'nats-service-stopped',
  ],
  ...['nats-left', 'nats-closed'],
  ...[
    'connection-rejected',
    'slow-client-closed',
    'socket-error',
    'socket-unchecked',
    'frame-refused',
    'frame-truncated',
    'request-failed',
    'connection-failed',
    'handler-failed',
    'arguments-invalid',
    'notification-refused',
    'checks-not-read',
  ],
  ...[
    'teardown-failed',
    'thread-died',
    'thread-not-loaded',
    'thread-not-renewed',
    'thread-unresponsive',
    'thread-lost',
  ],
  ...['thread-replaced', 'thread-retired'],
  ...['not-notified', 'code-cache-not-written', 'log-not-rotated', 'log-lines-dropped'],
]);

/** Names of Node, of the protocol, of statuses and of metrics, which keep theirs. */
const KEPT_NAMES: ReadonlySet<string> = new Set([
  // Terms that stay: an in-flight batch; and a pino level.
  'inFlight',
  // AgentStatus.counters.turnedAway, and the fields that a status is built from.
  'turnedAway',
]);

const IDENTIFIER = /[A-Za-z_$][A-Za-z0-9_$]*/g;

/** A source without its comments, strings, texts of templates and regular expressions: its identifiers remain. */
function codeOf(source: string): string {
  return source
    .replaceAll(/\/\*[\s\S]*?\*\//g, ' ')
    .replaceAll(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, "''")
    .replaceAll(/(^|[\s;,(){}])\/\/.*$/gm, '$1')
    .replaceAll(/(^|[\s(,=:!&|?{};])\/(?![*/\s])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[dgimsuvy]*/gm, '$1 ')
    .replaceAll(/`(?:[^`\\]|\\[\s\S])*`/g, (text) =>
      [...text.matchAll(/\$\{([^}`]*)\}/g)].map(([, code]) => code).join(' '),
    );
}

/** The string literals of a source, and the fixed parts of its templates. */
function textsOf(source: string): string[] {
  const code = source.replaceAll(/\/\*[\s\S]*?\*\//g, ' ').replaceAll(/(^|[\s;,(){}])\/\/ .*$/gm, '$1');
  const literals = code.matchAll(/'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\[\s\S])*)`/g);
  return [...literals].map(([, single, double, template]) =>
    (single ?? double ?? template ?? '').replaceAll(/\$\{[^}]*\}/g, ' '),
  );
}

function wordsOf(name: string): string {
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .replaceAll(/[_$.-]+/g, ' ')
    .toLowerCase();
  // "In-flight batch" is a term of the field.
  return ` ${words.replaceAll('in flight', 'inflight')} `;
}

function oldWordsIn(name: string): string[] {
  return KEPT_NAMES.has(name) ? [] : OLD_WORDS.filter((word) => wordsOf(name).includes(` ${word} `));
}

test('no file name has an old word', (t) => {
  t.true(files.length > 400);
  t.deepEqual(
    files.filter((file) => file.split('/').some((part) => oldWordsIn(basename(part).replace(/\..*$/, '')).length > 0)),
    [],
  );
});

test('no identifier has an old word', (t) => {
  const found = files
    .filter((file) => /\.[cm]?[tj]s$/.test(file))
    .flatMap((file) => {
      const names = new Set(codeOf(readFileSync(`${root}/${file}`, 'utf8')).match(IDENTIFIER));
      return [...names].filter((name) => oldWordsIn(name).length > 0).map((name) => `${file}: ${name}`);
    });
  t.deepEqual(found, []);
});

const product = files.filter((file) => /^(src|wire|workers|boot|libc|launchd|systemd|job)\//.test(file));

test('no text of the product has an old word', (t) => {
  t.true(product.length > 150);
  const found = product.flatMap((file) =>
    textsOf(readFileSync(`${root}/${file}`, 'utf8')).flatMap((text) => {
      // Metrics, whose names have underscores, keep them.
      const words = ` ${text
        .toLowerCase()
        .replaceAll(/in-flight|\b\w+_\w+\b/g, ' ')
        .replaceAll(/[^a-z]+/g, ' ')} `;
      return OLD_TEXT_WORDS.filter((word) => words.includes(` ${word} `)).map((word) => `${file}: ${word}: ${text}`);
    }),
  );
  t.deepEqual(found, []);
});

test('no comment and no document has an old word of prose', (t) => {
  const documents = globSync('{*.md,{docs,bench,site,examples/*}/*.md,.ci/run}', { cwd: root });
  t.true(documents.length > 10);
  const found = [...files, ...documents]
    .filter((file) => file !== 'test/house/words.test.ts')
    .flatMap((file) => {
      const lines = readFileSync(`${root}/${file}`, 'utf8').split('\n');
      return lines.filter((line) => OLD_PROSE_WORDS.test(line)).map((line) => `${file}: ${line.trim()}`);
    });
  t.deepEqual(found, []);
});

test('the events of the log are those of the list', (t) => {
  const events = product.flatMap((file) => {
    const text = readFileSync(`${root}/${file}`, 'utf8');
    const calls = text.matchAll(/\blog\.(?:debug|info|warn|error)\(\s*(?:\{[^}]*\},\s*)?'([a-z-]+)'/g);
    const ofThreads = text.matchAll(/\blog\('\w+', \[.*'([a-z-]+)'\]/g);
    return [...calls, ...ofThreads].map(([, event]) => event as string);
  });
  t.deepEqual([...new Set(events)].sort(), [...LOG_EVENTS].sort());
});

test('texts are found in literals and templates, and not in comments', (t) => {
  const source = '// nobody\nfail(\'knocked\', "let in", ' + '`of $' + '{who} whom`); /* crowd */';
  t.deepEqual(textsOf(source), ['knocked', 'let in', 'of   whom']);
});

test('a name is found by each of its words', (t) => {
  t.deepEqual(oldWordsIn('openLane'), ['lane']);
  t.deepEqual(oldWordsIn('MOST_BYTES'), ['most']);
  t.deepEqual(oldWordsIn('onTurnedAway'), ['turned away']);
  t.deepEqual(oldWordsIn('inFlightBatch'), []);
  t.deepEqual(oldWordsIn('almostPlane'), []);
});

test('only identifiers are read', (t) => {
  const source = `const a = /lane/.test('door'); /** a crowd */ // tidy\nconst b = \`look \${farewell(1)}\`;\n`;
  t.deepEqual(codeOf(source).match(IDENTIFIER), ['const', 'a', 'test', 'const', 'b', 'farewell']);
});
