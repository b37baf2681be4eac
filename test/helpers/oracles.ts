/** Packages that tests compare results with, from a package.json of their own: `npm ci --prefix packages/oracles`. */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { NotTested } from './not-tested.ts';

const { resolve } = createRequire(fileURLToPath(new URL('../../packages/oracles/package.json', import.meta.url)));

type Validate = ((value: unknown) => boolean) & { errors?: unknown };

export type Ajv = {
  compile(schema: unknown): Validate;
  addSchema(schema: unknown, id?: string): unknown;
};

/** @throws NotTested if the packages are not installed. */
export async function loadOracle<Exports>(name: string): Promise<Exports> {
  let path: string;
  try {
    path = resolve(name);
  } catch {
    throw new NotTested('needs npm ci --prefix packages/oracles');
  }
  return (await import(path)) as Exports;
}

/** A validator of JSON Schema. @param dialect the entry point of ajv. */
export async function createAjv(dialect: 'ajv' | 'ajv/dist/2020.js'): Promise<Ajv> {
  type Class = new (options: object) => Ajv;
  const { default: ajv } = await loadOracle<{ default: Class | { default: Class } }>(dialect);
  const { default: formats } = await loadOracle<{ default: ((ajv: Ajv) => void) | { default: (ajv: Ajv) => void } }>(
    'ajv-formats',
  );
  const made = new (typeof ajv === 'function' ? ajv : ajv.default)({ strict: false, allErrors: true });
  (typeof formats === 'function' ? formats : formats.default)(made);
  return made;
}
