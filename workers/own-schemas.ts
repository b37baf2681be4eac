/** The schemas that a method carries: src/checked-arguments.ts puts them there. */

import type { OwnSchema } from '../description/own-schemas.ts';

/** Modules are bundled, and share only symbols of this kind with the agent. */
const SCHEMAS = Symbol.for('launchpool.schemas');

type Standard = {
  '~standard'?: {
    validate?(value: unknown): unknown;
    jsonSchema?: { input?(options: { target: string }): unknown };
  };
};

/** @returns undefined for a method without schemas. */
export function ownSchemasOf(method: object): OwnSchema[] | undefined {
  const schemas: unknown = (method as Record<symbol, unknown>)[SCHEMAS];
  return Array.isArray(schemas)
    ? schemas.map((schema: Standard) => ({ json: jsonOf(schema), isOptional: passesUndefined(schema) }))
    : undefined;
}

/** By https://standardschema.dev/json-schema. A copy: what cannot be sent is no JSON Schema. */
function jsonOf(schema: Standard): unknown {
  try {
    const found = schema['~standard']?.jsonSchema?.input?.({ target: 'draft-2020-12' });
    return found === undefined ? null : JSON.parse(JSON.stringify(found));
  } catch {
    return null;
  }
}

/** JSON Schema does not say whether an argument may be left out. An asynchronous schema is not waited for. */
function passesUndefined(schema: Standard): boolean {
  try {
    const outcome = schema['~standard']?.validate?.(undefined) as { issues?: unknown } | Promise<unknown> | undefined;
    if (!(outcome instanceof Promise)) return outcome !== undefined && outcome.issues === undefined;
    outcome.catch(() => undefined);
    return false;
  } catch {
    return false;
  }
}
