/** The schemas that a method carries: src/checked-arguments.ts puts them there. */

/** Modules are bundled, and share only symbols of this kind with the agent. */
const SCHEMAS = Symbol.for('launchpool.schemas');

type WithJsonSchema = { '~standard'?: { jsonSchema?: { input?(options: { target: string }): unknown } } };

/**
 * In JSON Schema 2020-12, by https://standardschema.dev/json-schema: null for a schema that has no form in it.
 * @returns undefined for a method without schemas.
 */
export function ownSchemasOf(method: object): unknown[] | undefined {
  const schemas: unknown = (method as Record<symbol, unknown>)[SCHEMAS];
  return Array.isArray(schemas) ? schemas.map((schema) => jsonSchemaOf(schema as WithJsonSchema)) : undefined;
}

function jsonSchemaOf(schema: WithJsonSchema): unknown {
  try {
    const found = schema['~standard']?.jsonSchema?.input?.({ target: 'draft-2020-12' });
    // A copy: what cannot be sent is no JSON Schema.
    return found === undefined ? null : JSON.parse(JSON.stringify(found));
  } catch {
    return null;
  }
}
