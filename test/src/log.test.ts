/** Lines are written in order and with their times, also when the process exits before pino is loaded. */
import test from 'ava';
import { hasColours } from '../../src/developer-text.ts';
import { runProgram } from '../helpers/program.ts';

const url = new URL('../../src/log.ts', import.meta.url).href;

type Line = { level: number; time: number; pid: number; msg: string; n?: number; err?: { message: string } };

/** The lines of a program with a log named `log`. */
async function linesOf(script: string, level = 'info'): Promise<Line[]> {
  const head = `import { createLog } from ${JSON.stringify(url)}; const log = createLog({ level: '${level}', pretty: false });`;
  const { status, stderr } = await runProgram([
    process.execPath,
    '--input-type=module',
    '--eval',
    `${head}\n${script}`,
  ]);
  if (status !== 0) throw new Error(stderr);
  return stderr
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

const LINES = `log.info({ n: 1 }, 'one'); log.warn('two'); log.error({ err: new Error('lost') }, 'three');`;

for (const [name, script] of [
  ['before open(), when the process exits', `${LINES} process.exit();`],
  ['before open(), at open()', `${LINES} await log.open();`],
  ['after open()', `await log.open(); ${LINES} await log.open();`],
  ['after open(), when the process exits at once', `await log.open(); ${LINES} process.exit();`],
] as const) {
  test(`lines are written ${name}`, async (t) => {
    const lines = await linesOf(script);
    t.deepEqual(
      lines.map(({ level, msg }) => [level, msg]),
      [
        [30, 'one'],
        [40, 'two'],
        [50, 'three'],
      ],
    );
    t.deepEqual([lines[0]?.n, lines[2]?.err?.message], [1, 'lost']);
    t.true(lines.every(({ time, pid }) => time > 1.7e12 && pid > 0));
  });
}

test('the time of a line is the time of its call, not of its output', async (t) => {
  const lines = await linesOf(`
    log.info('early');
    const until = Date.now() + 5;
    while (Date.now() < until);
    await log.open();
    log.info('late');`);
  t.true((lines[1]?.time ?? 0) - (lines[0]?.time ?? 0) >= 5);
});

test('lines below the level are dropped', async (t) => {
  t.deepEqual(await linesOf(`${LINES} log.debug('four'); await log.open();`, 'silent'), []);
  t.deepEqual(
    (await linesOf(`${LINES} await log.open(); log.debug('four');`, 'warn')).map(({ msg }) => msg),
    ['two', 'three'],
  );
});

test('the level can change between lines, before and after open()', async (t) => {
  const lines = await linesOf(
    `
    log.info('lost');
    log.level = 'debug';
    log.debug('one');
    log.level = 'error';
    log.warn('lost');
    await log.open();
    log.info('lost');
    log.level = 'info';
    log.info('two ' + log.level);
    log.level = 'silent';
    log.error('lost');`,
    'warn',
  );
  t.deepEqual(
    lines.map(({ msg }) => msg),
    ['one', 'two info'],
  );
});

if (process.platform === 'linux') {
  const THREAD = `
    const { Worker } = await import('node:worker_threads');
    const { once } = await import('node:events');
    const thread = new Worker('console.log(1); console.error(2)', { eval: true });
    await once(thread, 'exit');`;
  for (const [name, script] of [
    [
      'after open()',
      `await log.open(); ${LINES} await log.open(); for (let n = 0; n < 10_000; n += 1) log.info('x'.repeat(1000));`,
    ],
    ['from a thread of the module', `await log.open(); ${THREAD}`],
  ] as const) {
    test(`output ${name} to a full disk does not end the process`, async (t) => {
      const head = `import { createLog } from ${JSON.stringify(url)}; const log = createLog({ level: 'info', pretty: false });`;
      const node = [process.execPath, '--input-type=module', '--eval', `${head}\n${script}\nprocess.exit(5);`];
      const { status } = await runProgram(['/bin/sh', '-c', 'exec "$0" "$@" > /dev/full 2> /dev/full', ...node]);
      t.is(status, 5);
    });
  }
}

test('the log of dev is text, also when the process exits before pino is loaded', async (t) => {
  for (const end of ['process.exit();', 'await log.open();']) {
    const script = `
      import { createLog } from ${JSON.stringify(url)};
      const log = createLog({ level: 'info', pretty: true });
      log.warn({ n: 1, error: { name: 'Error', message: 'lost' } }, 'load-failed');
      ${end}`;
    const { stderr } = await runProgram([process.execPath, '--input-type=module', '--eval', script]);
    t.regex(stderr, /^\[\d\d:\d\d:\d\d\.\d{3}\] WARN: load-failed: lost \{"n":1\}\n$/, end);
  }
});

test('colours are for terminals that have them and users who want them', (t) => {
  t.true(hasColours(true, { TERM: 'xterm' }));
  t.true(hasColours(true, { NO_COLOR: '' }));
  t.false(hasColours(true, { NO_COLOR: '1' }));
  t.false(hasColours(true, { TERM: 'dumb' }));
  t.false(hasColours(false, {}));
});
