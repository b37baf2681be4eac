/** What is said is written in its order and with its time, whether or not the process lives long enough for pino. */
import test from 'ava';
import { runProgram } from '../helpers/program.ts';

const url = new URL('../../src/log.ts', import.meta.url).href;

type Line = { level: number; time: number; pid: number; msg: string; n?: number; err?: { message: string } };

/** The lines that a program has written whose log is `log`. */
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

const SAID = `log.info({ n: 1 }, 'one'); log.warn('two'); log.error({ err: new Error('lost') }, 'three');`;

for (const [name, script] of [
  ['before it is opened, when the process exits', `${SAID} process.exit();`],
  ['before it is opened, then opened', `${SAID} await log.open();`],
  ['when it is open', `await log.open(); ${SAID} await log.open();`],
  ['when it is open, and the process exits at once', `await log.open(); ${SAID} process.exit();`],
] as const) {
  test(`what is said ${name}, is written`, async (t) => {
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

test('the time of a line is when it was said, not when it was written', async (t) => {
  const lines = await linesOf(`
    log.info('early');
    const until = Date.now() + 5;
    while (Date.now() < until);
    await log.open();
    log.info('late');`);
  t.true((lines[1]?.time ?? 0) - (lines[0]?.time ?? 0) >= 5);
});

test('below the level nothing is said', async (t) => {
  t.deepEqual(await linesOf(`${SAID} log.debug('four'); await log.open();`, 'silent'), []);
  t.deepEqual(
    (await linesOf(`${SAID} await log.open(); log.debug('four');`, 'warn')).map(({ msg }) => msg),
    ['two', 'three'],
  );
});

test('the level can change while things are said, before it is opened and after', async (t) => {
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
      'when it is open',
      `await log.open(); ${SAID} await log.open(); for (let n = 0; n < 10_000; n += 1) log.info('x'.repeat(1000));`,
    ],
    ['by a thread of the module', `await log.open(); ${THREAD}`],
  ] as const) {
    test(`what is said ${name}, and finds no room on the disk, ends nothing`, async (t) => {
      const head = `import { createLog } from ${JSON.stringify(url)}; const log = createLog({ level: 'info', pretty: false });`;
      const node = [process.execPath, '--input-type=module', '--eval', `${head}\n${script}\nprocess.exit(5);`];
      const { status } = await runProgram(['/bin/sh', '-c', 'exec "$0" "$@" > /dev/full 2> /dev/full', ...node]);
      t.is(status, 5);
    });
  }
}
