/** checked() of `launchpool/handler`: methods that carry the schemas of their arguments. */
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import test from 'ava';
import * as zod from 'zod';
import { onlyMethods } from '../../description/only-methods.ts';
import { checked, type StandardSchema } from '../../src/checked-arguments.ts';
import { connectRpc } from '../../src/client/rpc.ts';
import type { LaunchpoolError } from '../../wire/errors.ts';
import { importHandlers, type RpcHandlers } from '../../workers/handlers.ts';
import { ownSchemasOf } from '../../workers/own-schemas.ts';
import { holdAgent } from '../helpers/agent.ts';
import { declareWith } from '../helpers/not-tested.ts';
import { loadOracle } from '../helpers/oracles.ts';
import { bundled } from './bundle/bundled.ts';

type Failure = Error & { code: string; data: object };

const invalid = { code: 'ERR_LAUNCHPOOL_PARAMS_INVALID' };

test('the handler gets what the schemas make of the arguments', (t) => {
  const add = checked([zod.number(), zod.coerce.number()], (a, b) => a + b);
  t.is(add(1, '2'), 3);
  t.is(add.length, 2);
  const greet = checked(
    zod.object({ name: zod.string().trim(), loud: zod.boolean().default(true) }),
    function greet(user) {
      return user;
    },
  );
  t.deepEqual(greet({ name: ' a ' }), { name: 'a', loud: true });
  t.is(greet.name, 'greet');
});

test('an argument that a schema refuses is an error with the place, what was expected and what was found', (t) => {
  const greet = checked([zod.string(), zod.object({ 'a/b': zod.array(zod.number()) })], () => t.fail());
  const error = t.throws(() => greet('a', { 'a/b': [1, 'x' as never] }), invalid) as Failure;
  t.is(error.message, 'argument 2 at /1/a~1b/1: Invalid input: expected number, received string');
  t.deepEqual(error.data, {
    parameter: '2',
    pointer: '/1/a~1b/1',
    expected: 'Invalid input: expected number, received string',
    found: '"x"',
  });
  const missing = t.throws(() => (greet as unknown as () => void)(), invalid) as Failure;
  t.like(missing.data, { pointer: '/0', found: 'nothing' });
});

test('null is tried as undefined, and arguments beyond the schemas are dropped', (t) => {
  const method = checked([zod.string().optional(), zod.null()], (...args) => args);
  t.deepEqual((method as (...args: unknown[]) => unknown)(null, null, 'more'), [undefined, null]);
});

test('a schema may be asynchronous, and a stream is a stream', async (t) => {
  const exists = zod.string().refine(async (name) => name === 'a');
  const later = {
    '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => exists['~standard'].validate(value) },
  } as StandardSchema<string>;
  const method = checked([later], (name) => name.length);
  t.is(await method('a'), 1);
  await t.throwsAsync(async () => method('b'), invalid);
  const count = checked([zod.number()], function* (to) {
    for (let value = 1; value <= to; value += 1) yield value;
  });
  t.deepEqual([...count(3)], [1, 2, 3]);
});

test('what is no schema or no handler is refused at once', (t) => {
  t.throws(() => checked({} as never, () => 1), { instanceOf: TypeError, message: /schema 1 is no Standard Schema/ });
  t.throws(() => checked([zod.string()], 1 as never), { instanceOf: TypeError });
});

test('the description has the JSON Schema of the schemas, with their definitions', (t) => {
  type Node = { value: number; children: Node[] };
  const node: zod.ZodType<Node, Node> = zod.object({
    value: zod.int().min(0).describe('How much.'),
    get children() {
      return zod.array(node);
    },
  });
  const method = checked([node, zod.enum(['a', 'b']).default('a'), zod.date(), zod.string().optional()], () => 1);
  const schemas = ownSchemasOf(method);
  const types = { name: 'grow', signature: ['grow(node: Node): number'], result: { schema: { type: 'number' } } };
  const params = [
    { name: 'node', schema: { type: 'object' }, required: true, description: 'A node.' },
    { name: 'mode', schema: true, required: true },
    { name: 'date', schema: { type: 'string' }, required: true },
  ];
  const description = onlyMethods({ format: 1, methods: [{ ...types, params }], $defs: {}, notes: [] }, [
    { name: 'grow', arity: 3, ...(schemas && { schemas }) },
  ]);
  const [grow] = description.methods;
  t.true(grow?.checksItself);
  t.like(grow?.params[0], { name: 'node', description: 'A node.', required: true });
  t.like(grow?.params[1], { schema: { type: 'string', enum: ['a', 'b'], default: 'a' }, required: false });
  // zod has no JSON Schema of a Date: the types count.
  t.deepEqual(grow?.params[2]?.schema, { type: 'string' });
  // Of a parameter that the types do not have, the schema says whether it may be left out.
  t.like(grow?.params[3], { name: 'param4', schema: { type: 'string' }, required: false });
  const text = JSON.stringify(description);
  t.regex(text, /"description":"How much\."/);
  const referred = [...text.matchAll(/"#\/\$defs\/([^"]+)"/g)].map(([, name]) => name as string);
  t.true(referred.length > 0);
  for (const name of referred) t.true(name in description.$defs, name);
  t.false(text.includes('$schema'));
  // Described again without the module, it is the same.
  const again = onlyMethods({ ...description, methods: description.methods }, [{ name: 'grow', arity: 3 }]);
  t.deepEqual(again, description);
});

const LIBRARIES: Readonly<Record<string, string>> = {
  zod: `import * as z from 'zod';
    export const shout = checked([z.object({ name: z.string() }), z.coerce.number()], ({ name }, times) => name.repeat(times));`,
  valibot: `import * as v from 'valibot';
    import { toStandardJsonSchema } from '@valibot/to-json-schema';
    export const shout = checked([toStandardJsonSchema(v.object({ name: v.string() })),
      v.pipe(v.union([v.string(), v.number()]), v.transform(Number), v.number())], ({ name }, times) => name.repeat(times));`,
  arktype: `import { type } from 'arktype';
    export const shout = checked([type({ name: 'string' }), type('string.numeric.parse | number')], ({ name }, times) => name.repeat(times));`,
};

const inside = declareWith(test);
const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

for (const [library, code] of Object.entries(LIBRARIES)) {
  inside(
    `${library}: the output reaches the handler, a refusal the caller, and the schema the description`,
    async (t) => {
      await loadOracle(library);
      const source = `import { checked } from ${JSON.stringify(at('src/handler.ts'))};\n${code}\n`;
      const packages = at('packages/oracles/node_modules');
      const { entry } = await bundled(t, 'shout.agent.ts', { 'shout.agent.ts': source }, (folder) =>
        symlink(packages, join(folder, 'node_modules')),
      );
      const { socketPath } = await holdAgent(t, entry);
      const client = await connectRpc(socketPath);
      t.teardown(client.close);
      t.is(await client.call('shout', [{ name: 'a' }, '3']), 'aaa');
      const error = (await t.throwsAsync(client.call('shout', [{ name: 5 }, 1]), invalid)) as LaunchpoolError;
      t.like(error.data, { pointer: '/0/name', found: '5' });
      const missing = (await t.throwsAsync(client.call('shout', []), invalid)) as LaunchpoolError;
      t.like(missing.data, { pointer: '/0', found: 'nothing' });
      const { handlers } = await importHandlers(pathToFileURL(entry).href);
      const { shout = {} } = (handlers as RpcHandlers).exported as Record<string, object>;
      t.like(ownSchemasOf(shout)?.[0]?.json, {
        type: 'object',
        properties: { name: { type: 'string' } },
        required: ['name'],
      });
    },
  );
}
