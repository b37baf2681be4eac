/** The agents of the examples and of the tests are described. */
import { fileURLToPath, pathToFileURL } from 'node:url';
import test from 'ava';
import { onlyMethods } from '../../../description/only-methods.ts';
import { describeModule } from '../../../src/describe/describe-module.ts';
import { importHandlers, type Method } from '../../../workers/handlers.ts';

const TIMEOUT_MS = 100_000;
const at = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const AGENTS = [
  ...['app/app.ts', 'rot13/rpc.ts', 'opentelemetry/greeting.ts', 'opentelemetry/shouting.ts'].map(
    (path) => `examples/${path}`,
  ),
  ...['contexts', 'relaying', 'streaming', 'tools', 'values'].map((name) => `test/fixtures/agents/${name}.ts`),
  ...['exports.cjs', 'getters.cjs', 'object.cjs', 'setup.ts', 'typescript.cts'].map(
    (name) => `test/fixtures/modules/${name}`,
  ),
  ...['test/fixtures/package/rpc.ts', 'test/fixtures/package/rpc.cjs'],
];

for (const path of AGENTS) {
  test(`an agent is described: ${path}`, async (t) => {
    t.timeout(TIMEOUT_MS);
    const module = at(path);
    const handlers = await importHandlers(pathToFileURL(module).href).then(
      (imported) => imported.handlers,
      () => undefined,
    );
    if (handlers?.kind !== 'rpc') return t.pass('it is no RPC agent');
    const { exported } = handlers;
    const methods = [...handlers.methods].map((name) => ({ name, arity: (exported[name] as Method).length }));
    const found = onlyMethods(await describeModule({ module, timeoutMs: TIMEOUT_MS }), methods);
    t.is(found.reason, undefined);
    t.regex(String(found.compiler), /^typescript 7\./);
    t.deepEqual(found.methods.map(({ name }) => name).sort(), [...handlers.methods].sort());
    if (path.startsWith('examples/')) t.deepEqual(found.notes, []);
    for (const { name, params } of found.methods) {
      const { arity } = methods.find((method) => method.name === name) as { arity: number };
      // A default value ends the count of a function; a rest is not in it.
      t.true(params.length >= arity, name);
    }
  });
}
