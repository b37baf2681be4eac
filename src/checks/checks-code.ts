/** Makes the file that checks the arguments of a version's methods: description/checks-file.ts has its form. */

import type { Description, MethodDescription } from '../../description/description.ts';
import { isCall } from './declarations.ts';
import { helpersIn } from './helper-code.ts';
import { createSchemaCode, type SchemaCode } from './schema-code.ts';

const HEAD = `'use strict';
// Made by launchpool of the types of the module. Each function says whether arguments have the types of the parameters.`;

/** Methods that check their arguments themselves have none. */
export function checksCode({ methods, $defs }: Description): string {
  const schemas = createSchemaCode($defs);
  const checks = methods.flatMap((method): [string, string][] => {
    const code = method.checksItself ? undefined : methodCode(method, schemas);
    return code === undefined ? [] : [[method.name, code]];
  });
  const entries = checks.map(([name, code]) => `  [${JSON.stringify(name)}]: ${code},`);
  // Computed, so that a method called __proto__ is a property like all others.
  const table = ['exports.methods = {', '  __proto__: null,', ...entries, '};'];
  const own = [...schemas.declarations(), 'exports.format = 1;', ...table, ''].join('\n');
  return [HEAD, ...helpersIn(own), own].join('\n');
}

/** Arguments beyond the parameters pass, as in `list.map(method)`. */
function methodCode({ params }: MethodDescription, schemas: SchemaCode): string | undefined {
  const conditions: string[] = [];
  for (const [index, { schema, required, rest }] of params.entries()) {
    const code = schemas.of(schema);
    if (rest) {
      if (code !== undefined) conditions.push(`p.slice(${index}).every((e) => ${code('e')})`);
    } else if (required) {
      conditions.push(`p.length > ${index}`);
      if (code !== undefined) conditions.push(code(`p[${index}]`));
    } else if (code !== undefined) conditions.push(`(p[${index}] == null || ${code(`p[${index}]`)})`);
  }
  if (conditions.length === 0) return undefined;
  const all = conditions.join(' && ');
  // A named type may be within a function.
  return isCall(all) ? `(p) => begin(p) && end(${all})` : `(p) => ${all}`;
}
