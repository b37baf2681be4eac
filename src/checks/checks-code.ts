/** Makes the file that checks the arguments of a version's methods: description/checks-file.ts has its form. */

import type { Description, MethodDescription } from '../../description/description.ts';
import { DATE_TIME } from '../../description/formats.ts';
import { isCall } from './declarations.ts';
import { createSchemaCode, type SchemaCode } from './schema-code.ts';

/** Calls of the functions for named types, before the values are counted. */
const FREE_STEPS = 1_000_000;
/** And then for each value: more than any sound union takes. */
const STEPS_PER_VALUE = 100;

/** The module on the same thread may change the global objects. */
const PRELUDE = `'use strict';
// Made by launchpool of the types of the module. Each function says whether arguments have the types of the parameters.
const { isArray } = Array, { isInteger } = Number, { isNaN } = Number, { keys } = Object, { parse: parseDate } = Date;
const { canParse } = URL, { stringify } = JSON, hasOwn = Object.hasOwn, { iterator } = Symbol;
const DATE_TIME = ${DATE_TIME};
function isObject(v) { return typeof v === 'object' && v !== null && !isArray(v); }
function isIterable(v) { return typeof v === 'object' && v !== null && !isArray(v) && typeof v[iterator] === 'function'; }
function isUrl(v) { return canParse(v); }
function own(v, name) { return hasOwn(v, name) ? v[name] : undefined; }
function pointsOf(v) { let n = 0; for (const _ of v) n++; return n; }
function isMultiple(v, of) { const n = v / of; return Math.abs(n - Math.round(n)) <= 1e-9 * Math.max(1, Math.abs(n)); }
function areUnique(v) { return new Set(v.map((e) => (typeof e === 'object' && e !== null ? stringify(e) : e))).size === v.length; }
let steps = 0, limit = ${FREE_STEPS}, checked;
function moreSteps() {
  if (limit > ${FREE_STEPS}) throw new RangeError('the arguments take too long to be checked');
  let values = 0;
  for (const open = [checked]; open.length > 0; values++) {
    const v = open.pop();
    if (typeof v === 'object' && v !== null) for (const key of keys(v)) open.push(v[key]);
  }
  limit += ${STEPS_PER_VALUE} * values;
}
function begin(p) { steps = 0; limit = ${FREE_STEPS}; checked = p; return true; }
function end(passes) { checked = undefined; return passes; }`;

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
  const head = checks.length === 0 ? [`'use strict';`] : [PRELUDE, ...schemas.declarations()];
  return [...head, 'exports.format = 1;', ...table, ''].join('\n');
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
