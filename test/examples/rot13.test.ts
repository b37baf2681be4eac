/** The examples behave as their documentation describes. */
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { connect } from '../../src/client/index.ts';
import { holdAgent } from '../helpers/agent.ts';
import { runProgram } from '../helpers/program.ts';

const example = (name: string): string => fileURLToPath(new URL(`../../examples/rot13/${name}`, import.meta.url));

test('the application sends the lines of standard input and prints the replies, and nothing else', async (t) => {
  const { status, stdout } = await runProgram([process.execPath, example('app.ts')], {
    input: 'Hello, launchd\nGrüße, 42\n\nUryyb, ynhapuq',
  });
  t.is(stdout.toString(), 'Uryyb, ynhapuq\nTeüßr, 42\n\nHello, launchd\n');
  t.is(status, 0);
});

test('`npm start --silent` runs the application', async (t) => {
  const cwd = fileURLToPath(new URL('../..', import.meta.url));
  const { status, stdout } = await runProgram(['npm', 'start', '--silent'], { input: 'Hello, launchd\n', cwd });
  t.is(stdout.toString(), 'Uryyb, ynhapuq\n');
  t.is(status, 0);
});

test('the RPC agent rotates letters and leaves other characters unchanged', async (t) => {
  const { socketPath } = await holdAgent(t, example('rpc.ts'));
  const agent = await connect<typeof import('../../examples/rot13/rpc.ts')>(socketPath);
  t.is(await agent.rot13('Hello, Wörld!'), 'Uryyb, Jöeyq!');
});
