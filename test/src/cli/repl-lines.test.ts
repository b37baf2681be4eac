/** The prompt of `launchpool repl`, with a terminal that is made of streams. */
import { PassThrough } from 'node:stream';
import test from 'ava';
import { type Answer, type LinesOptions, readLines } from '../../../src/cli/repl-lines.ts';
import { until } from '../../helpers/until.ts';

type Session = { type(text: string): void; end(): void; shown(): string; status: Promise<number> };

type Help = NonNullable<LinesOptions['help']>;

function session(
  answer: Answer,
  { isTTY = true, methods = [] as string[], help = undefined as Help | undefined } = {},
): Session {
  const terminal = (): NodeJS.ReadStream & NodeJS.WriteStream =>
    Object.assign(new PassThrough(), { isTTY, setRawMode: () => undefined, columns: 80 }) as never;
  const [input, output] = [terminal(), terminal()];
  let text = '';
  output.on('data', (chunk) => {
    text += chunk;
  });
  return {
    type: (typed) => input.write(typed),
    end: () => input.end(),
    shown: () => text,
    status: readLines({ answer, methods, help, input, output }),
  };
}

const startedLines: string[] = [];
const slowly: Answer = (line, signal) =>
  new Promise((resolve, reject) => {
    startedLines.push(line);
    if (line === 'now') resolve(`answer to ${line}`);
    signal.addEventListener('abort', () => reject(signal.reason));
  });

test('Control-C cancels a call, and ends at the prompt', async (t) => {
  const repl = session(slowly);
  repl.type('now\r');
  await until(() => repl.shown().includes('answer to now'));
  repl.type('forever\r');
  await until(() => startedLines.includes('forever'));
  // Cancels the call: the next line is answered.
  repl.type('\u0003');
  repl.type('now\r');
  await until(() => repl.shown().split('answer to now').length === 3);
  repl.type('\u0003');
  t.is(await repl.status, 0);
});

test('the end of the input during a call does not crash: the call is answered', async (t) => {
  let answered: (text: string) => void = () => undefined;
  const repl = session(() => new Promise((resolve) => (answered = resolve)));
  repl.type('a\r');
  await until(() => repl.shown().includes('a'));
  repl.type('\u0004');
  repl.end();
  await new Promise((resolve) => setImmediate(resolve));
  answered('late answer');
  t.is(await repl.status, 0);
  t.true(repl.shown().includes('late answer'));
});

test('Tab completes the methods and the commands; .help names the methods; .exit ends', async (t) => {
  const repl = session(async (line) => `<${line}>`, { methods: ['rotate', 'reverse'] });
  repl.type('rot\t');
  // Completion takes a turn of the event loop.
  await until(() => repl.shown().includes('rotate'));
  repl.type(' 1\r');
  await until(() => repl.shown().includes('<rotate 1>'));
  repl.type('.help\r');
  await until(() => repl.shown().includes('Methods: rotate, reverse'));
  repl.type('.exit\r');
  t.is(await repl.status, 0);
});

test('.help has the descriptions of the methods, and .help METHOD that of one, whose name Tab completes', async (t) => {
  const help: Help = async (method) => {
    if (method === 'wrong') throw new Error('no such method');
    return method === undefined ? 'all of them\n' : `only ${method}\n`;
  };
  const repl = session(async () => 'unexpected', { methods: ['rotate', 'reverse'], help });
  repl.type('.help\r');
  await until(() => repl.shown().includes('all of them'));
  repl.type('.help rot\t');
  await until(() => repl.shown().includes('.help rotate'));
  repl.type('\r');
  await until(() => repl.shown().includes('only rotate'));
  repl.type('.help wrong\r.exit\r');
  t.is(await repl.status, 0);
  t.false(repl.shown().includes('unexpected'));
});

test('an agent that cannot describe its methods has their names in .help', async (t) => {
  const help: Help = async () => Promise.reject(new Error('from before descriptions'));
  const repl = session(async () => 'unexpected', { methods: ['rotate'], help });
  repl.type('.help\r');
  await until(() => repl.shown().includes('Methods: rotate'));
  repl.type('.exit\r');
  t.is(await repl.status, 0);
});

test('lines from a pipe are all answered, also those that come with the end', async (t) => {
  const repl = session(async (line) => (line === 'none' ? undefined : `<${line}>`), { isTTY: false });
  repl.type('a\n.help\nnone\nb');
  repl.end();
  t.is(await repl.status, 0);
  t.is(repl.shown(), '<a>\n<.help>\n<b>\n');
});
