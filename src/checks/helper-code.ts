/** The functions that the code of checks has in common. A file has those that it needs. */

import { DATE_TIME } from '../../description/formats.ts';

/** Calls of the functions for named types, before the values are counted. */
const FREE_STEPS = 1_000_000;
/** And then for each value: more than any sound union takes. */
const STEPS_PER_VALUE = 100;

/** By their names. They keep what they need of the global objects, which the module on the same thread may change. */
const HELPERS: Readonly<Record<string, string>> = {
  isArray: 'const { isArray } = Array;',
  isInteger: 'const { isInteger } = Number;',
  isNaN: 'const { isNaN } = Number;',
  keys: 'const { keys } = Object;',
  hasOwn: 'const { hasOwn } = Object;',
  parseDate: 'const { parse: parseDate } = Date;',
  canParse: 'const { canParse } = URL;',
  stringify: 'const { stringify } = JSON;',
  iterator: 'const { iterator } = Symbol;',
  DATE_TIME: `const DATE_TIME = ${DATE_TIME};`,
  isObject: "function isObject(v) { return typeof v === 'object' && v !== null && !isArray(v); }",
  isIterable: "function isIterable(v) { return isObject(v) && typeof v[iterator] === 'function'; }",
  isUrl: 'function isUrl(v) { return canParse(v); }',
  own: 'function own(v, name) { return hasOwn(v, name) ? v[name] : undefined; }',
  pointsOf: 'function pointsOf(v) { let n = 0; for (const _ of v) n++; return n; }',
  isMultiple:
    'function isMultiple(v, of) { const n = v / of; return Math.abs(n - Math.round(n)) <= 1e-9 * Math.max(1, Math.abs(n)); }',
  areUnique:
    "function areUnique(v) { return new Set(v.map((e) => (typeof e === 'object' && e !== null ? stringify(e) : e))).size === v.length; }",
  steps: `let steps = 0, limit = ${FREE_STEPS}, checked;`,
  moreSteps: `function moreSteps() {
  if (limit > ${FREE_STEPS}) throw new RangeError('the arguments take too long to be checked');
  let values = 0;
  for (const open = [checked]; open.length > 0; values++) {
    const v = open.pop();
    if (typeof v === 'object' && v !== null) for (const key of keys(v)) open.push(v[key]);
  }
  limit += ${STEPS_PER_VALUE} * values;
}`,
  begin: `function begin(p) { steps = 0; limit = ${FREE_STEPS}; checked = p; return true; }`,
  end: 'function end(passes) { checked = undefined; return passes; }',
};

/** What the code refers to, and what that refers to. In the order of the table. */
export function helpersIn(code: string): string[] {
  const needed = new Set<string>();
  const add = (text: string): void => {
    for (const [name, helper] of Object.entries(HELPERS)) {
      if (needed.has(name) || !new RegExp(`\\b${name}\\b`).test(text)) continue;
      needed.add(name);
      add(helper);
    }
  };
  add(code);
  return Object.entries(HELPERS).flatMap(([name, helper]) => (needed.has(name) ? [helper] : []));
}
