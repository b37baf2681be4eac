/** What `launchpool/client` loads for a service on NATS: agents that call one can be one file all the same. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { readGraph } from '../../../../src/bundle/graph.ts';
import { createScope } from '../../../../src/bundle/scope.ts';
import { COMMONJS_NAMES, findSign } from '../../../../src/bundle/signs.ts';

test('no file of it could tell whether it is a file of its own', async (t) => {
  const entries = ['open-nats-session', 'open-tasks'].map((name) =>
    fileURLToPath(new URL(`../../../../src/client/nats/${name}.ts`, import.meta.url)),
  );
  const { files } = await readGraph(entries, createScope(entries[0] as string));
  const own = [...files.values()].filter(({ path }) => /\/nats\/(later\/)?[^/]+\.ts$/.test(path));
  t.true(own.some(({ path }) => path.endsWith('task-names.ts')));
  t.true(own.length > 10);
  for (const { path, format } of own) {
    const script = { path, format, isOwn: false, isEntry: false };
    // A parameter may be called `module`.
    const sign = await findSign(readFileSync(path, 'utf8'), script);
    t.true(sign === undefined || sign === COMMONJS_NAMES, `${path} ${sign}`);
  }
});
