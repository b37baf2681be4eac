/** What a client of HTTP gets from the socket of an agent. */
import { request } from 'node:http';
import test from 'ava';
import { connect } from '../../src/client/index.ts';
import { fixture, holdAgent } from '../helpers/agent.ts';

type Answer = { status: number | undefined; text: string };

function ask(socketPath: string, method: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path: '/', method, headers: { 'content-length': 2 } }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode, text }));
    });
    asked.on('error', reject).end('{}');
  });
}

for (const module of ['agents/echo.ts', 'agents/values.ts']) {
  test(`${module}: HTTP is told what it has reached, and others are served`, async (t) => {
    const { socketPath } = await holdAgent(t, fixture(module), ['--threads', '1']);
    for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const { status, text } = await ask(socketPath, method);
      t.is(status, 400, method);
      t.regex(text, /launchpool agent, which does not speak HTTP/);
    }
    t.is((await ask(socketPath, 'HEAD')).status, 400);
    if (module.includes('echo')) return;
    await using agent = await connect<typeof import('../fixtures/agents/values.ts')>(socketPath);
    t.is(await agent.echo(1), 1);
  });
}
