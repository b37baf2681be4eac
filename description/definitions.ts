/** The named types of a description: their names, and what a schema needs to stand alone. */
import type { Description, Schema, SchemaObject } from './description.ts';
import { eachSchema, isObject } from './schema-walk.ts';

const PREFIX = '#/$defs/';
const MAX_NAME = 60;

export type Definitions = {
  /** A free name that resembles the text of a type; the same for the same order of calls. */
  nameFor(text: string): string;
  refTo(name: string): SchemaObject;
  set(name: string, schema: Schema): void;
  /** What the definitions are now; `restore` brings them back to it. */
  save(): () => void;
  /** Sorted by name. */
  all(): Record<string, Schema>;
};

export function createDefinitions(): Definitions {
  let taken = new Set<string>();
  let schemas = new Map<string, Schema>();
  return {
    nameFor(text) {
      const name = definitionNameOf(text);
      for (let count = 1; ; count += 1) {
        const free = count === 1 ? name : `${name}_${count}`;
        if (taken.has(free)) continue;
        taken.add(free);
        return free;
      }
    },
    refTo: (name) => ({ $ref: `${PREFIX}${name}` }),
    set: (name, schema) => void schemas.set(name, schema),
    save() {
      const [names, before] = [new Set(taken), new Map(schemas)];
      return () => {
        [taken, schemas] = [names, before];
      };
    },
    all: () => Object.fromEntries([...schemas].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

/** A name that resembles the text of a type. */
export function definitionNameOf(text: string): string {
  const name = text.replaceAll(/[^A-Za-z0-9]+/g, '_').replaceAll(/^_+|_+$/g, '');
  return name.slice(0, MAX_NAME) || 'Type';
}

/** A schema with the definitions that it refers to, for use outside of its description. */
export function standAlone({ $defs }: Pick<Description, '$defs'>, schema: Schema): Schema {
  if (!isObject(schema)) return schema;
  const needed = definitionsIn($defs, [schema]);
  if (needed.length === 0) return schema;
  return { ...schema, $defs: Object.fromEntries(needed.map((name) => [name, $defs[name] ?? true])) };
}

/** The names of the definitions that schemas refer to, also by way of each other. Sorted. */
export function definitionsIn($defs: Readonly<Record<string, Schema>>, schemas: readonly Schema[]): string[] {
  const found = new Set<string>();
  const add = (schema: Schema): void =>
    eachSchema(schema, ({ $ref }) => {
      const name = $ref && definitionName($ref);
      if (name === undefined || found.has(name)) return;
      found.add(name);
      add($defs[name] ?? true);
    });
  for (const schema of schemas) add(schema);
  return [...found].sort();
}

/** The name in a reference of a description. */
export function definitionName($ref: string): string {
  return $ref.slice(PREFIX.length);
}
