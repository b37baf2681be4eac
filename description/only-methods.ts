/** Brings a description together with the methods that the module itself has. */
import { definitionsIn } from './definitions.ts';
import type { Description, MethodDescription, Schema } from './description.ts';
import { type OwnSchema, withOwnSchemas } from './own-schemas.ts';

/** What a method says of itself. */
export type MethodOfModule = {
  name: string;
  arity: number;
  /** The schemas that it carries: own-schemas.ts. */
  schemas?: readonly OwnSchema[] | undefined;
};

/** The description of these methods only, and a method without types for each that it does not have. */
export function onlyMethods(description: Description, methods: readonly MethodOfModule[]): Description {
  const $defs = { ...description.$defs };
  const described = new Map(description.methods.map((method) => [method.name, method]));
  const sorted = methods.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const kept = sorted.map(({ name, arity, schemas }) => {
    const method = described.get(name) ?? methodWithoutTypes(name, arity);
    return schemas === undefined ? method : withOwnSchemas(method, schemas, $defs);
  });
  const unseen = description.reason === undefined ? sorted.filter(({ name }) => !described.has(name)) : [];
  const names = new Set(methods.map(({ name }) => name));
  const schemas = kept.flatMap(({ params, result, stream }): Schema[] => [
    ...params.flatMap((param) => [param.schema, param.stream?.items ?? true]),
    result.schema,
    stream?.items ?? true,
  ]);
  const needed = definitionsIn($defs, schemas);
  return {
    ...description,
    methods: kept,
    $defs: Object.fromEntries(needed.map((name) => [name, $defs[name] ?? true])),
    notes: [
      ...description.notes.filter(({ method }) => names.has(method)),
      ...unseen.map(({ name }) => ({ method: name, path: '', text: 'the compiler does not see it as a function' })),
    ],
  };
}

/** What a function says of itself: the number of its parameters, up to the first with a default value. */
function methodWithoutTypes(name: string, arity: number): MethodDescription {
  const params = Array.from({ length: arity }, (_, index) => ({
    name: `param${index + 1}`,
    schema: true,
    required: false,
  }));
  return {
    name,
    signature: [`${name}(${params.map((param) => param.name).join(', ')})`],
    params,
    result: { schema: true },
  };
}
