/**
 * Random projects of small packages: of both kinds of modules and mixed, with conditions, cycles, duplicates, re-exports,
 * and code that shows where and how it runs. Each answers with all that it has seen.
 */

export type Project = { module: string; texts: Record<string, string> };

type Random = {
  /** A whole number below `max`. */
  below(max: number): number;
  chance(probability: number): boolean;
  of<Value>(values: readonly Value[]): Value;
};

type Package = {
  name: string;
  /** The folder, relative to the project. */
  folder: string;
  kind: 'esm' | 'cjs' | 'dual' | 'mjs';
  uses: string[];
};

/** A sequence that depends on the seed alone (mulberry32). */
function randomOf(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    below: (max) => Math.floor(next() * max),
    chance: (probability) => next() < probability,
    of: (values) => values[Math.floor(next() * values.length)] as never,
  };
}

export function projectOf(seed: number): Project {
  const random = randomOf(seed);
  const texts: Record<string, string> = {};
  const key = `seen${seed}`;
  const packages = packagesOf(random);
  for (const each of packages) writePackage(texts, each, { random, key, all: packages });
  const isTyped = random.chance(0.7);
  const isScript = random.chance(0.2);
  texts['package.json'] = JSON.stringify({
    name: 'project',
    ...(isTyped && { type: 'module' }),
    dependencies: namesIn(packages),
  });
  const module = isScript
    ? 'src/agent.cjs'
    : isTyped
      ? random.of(['src/agent.ts', 'src/agent.js', 'agent.mts'])
      : 'src/agent.mts';
  const folder = module.includes('/') ? 'src/' : '';
  const top = packages.filter(({ folder: at }) => at.split('node_modules').length === 2);
  const used = top.filter(() => random.chance(0.8));
  if (isScript) {
    texts[module] = `${random.chance(0.5) ? "'use strict';\n" : ''}const seen = (globalThis.${key} ??= []);
const used = [${used.map(({ name }) => `require('${name}')`).join(', ')}];
${random.chance(0.5) ? "const own = require('./own.cjs');" : 'const own = null;'}
exports.answer = function () { return [seen, used.map(show), own, typeof require, this === module.exports]; };
${SHOW}`;
    texts[`${folder}own.cjs`] =
      `exports.strict = (function () { return this === undefined; })(); exports.name = __filename.split('/').at(-1);`;
    return { module, texts };
  }
  const lines = used.map(({ name, kind }, index) => importOf(name, kind, index, random));
  const isLate = random.chance(0.15);
  texts[`${folder}own.ts`] = `const seen = ((globalThis as any).${key} ??= []); seen.push('own');
export let count = 0; export const add = (): void => { count += 1; };
export class Shared { static make() { return new Shared(); } }
export const place = import.meta.url.split('/').at(-1);`;
  texts[module] = `import { add, count, place, Shared as Own } from './own.ts';
${lines.join('\n')}
class Shared { static make() { return new Shared(); } }
${isLate ? 'await undefined;' : ''}
const seen = (globalThis${module.endsWith('.js') ? '' : ' as any'}).${key};
export const answer = async () => { add();
  return [seen, [${used.map((_each, index) => `show(p${index})`).join(', ')}], count, place, Shared.name, Own.name, Own.make().constructor.name,
    import.meta.filename.split('/').at(-1)${random.chance(0.2) ? ', typeof module, typeof require' : ''}${dynamicOf(used, random)}]; };
${module.endsWith('.js') ? SHOW : SHOW.replace(/(?<=function \w+\(value)(?=\))/g, ': any')}`;
  return { module, texts };
}

/** What can be said of an export in JSON. */
const SHOW = `function show(value) {
  if (typeof value === 'function') return [value.name, String(value.call ? value.kind : '')];
  if (value === null || typeof value !== 'object') return typeof value === 'symbol' ? 'symbol' : value;
  return Object.keys(value).sort().map((name) => [name, typeof value[name] === 'function' ? [value[name].name, tell(value[name])] : JSON.stringify(value[name])]);
}
function tell(value) {
  try { return JSON.stringify(value()); } catch (error) { return error.name; }
}
`;

function namesIn(packages: readonly Package[]): Record<string, string> {
  return Object.fromEntries(packages.map(({ name }) => [name, '*']));
}

function packagesOf(random: Random): Package[] {
  const count = 2 + random.below(5);
  const names = Array.from({ length: count }, (_unused, index) => (random.chance(0.2) ? `@s/p${index}` : `p${index}`));
  const kinds = random.of<readonly Package['kind'][] | undefined>([undefined, undefined, ['esm', 'mjs'], ['cjs']]);
  const packages: Package[] = names.map((name) => ({
    name,
    folder: `node_modules/${name}`,
    kind: kinds === undefined ? random.of(['esm', 'esm', 'cjs', 'cjs', 'dual', 'mjs']) : random.of(kinds),
    uses: [],
  }));
  const isOfOneKind = new Set(packages.map(isCommonJs)).size === 1;
  for (const [index, each] of packages.entries()) {
    // A cycle through both kinds of modules is an error in Node, or ends it.
    const isFree = (other: Package, at: number): boolean =>
      at > index || (isOfOneKind && isCommonJs(other) === isCommonJs(each));
    const others = packages.filter((other, at) => other !== each && isFree(other, at) && other.kind !== 'dual');
    each.uses = others.filter(() => random.chance(0.4)).map(({ name }) => name);
  }
  // A duplicate: another copy of a package, for one of the others alone.
  if (random.chance(0.3)) {
    const [owner, copied] = [random.of(packages), random.of(names)];
    if (owner.name !== copied) {
      packages.push({
        name: copied,
        folder: `${owner.folder}/node_modules/${copied}`,
        kind: random.of(['esm', 'cjs']),
        uses: [],
      });
    }
  }
  return packages;
}

const isCommonJs = ({ kind }: Package): boolean => kind === 'cjs';

type Setting = { random: Random; key: string; all: readonly Package[] };

function writePackage(texts: Record<string, string>, own: Package, { random, key, all }: Setting): void {
  const { name, folder, kind, uses } = own;
  const isModule = kind === 'esm';
  const exports =
    kind === 'dual'
      ? {
          '.': random.of([
            { import: './index.mjs', require: './index.cjs' },
            { 'module-sync': './index.mjs', default: './index.cjs' },
            { node: { import: './index.mjs', default: './index.cjs' } },
          ]),
        }
      : kind === 'mjs'
        ? { '.': { default: './index.mjs' } }
        : random.chance(0.5)
          ? { '.': './index.js' }
          : undefined;
  texts[`${folder}/package.json`] = JSON.stringify({
    name,
    version: `1.0.${random.below(9)}`,
    ...(isModule && { type: 'module' }),
    ...(exports === undefined ? { main: random.of(['index.js', './index', 'index']) } : { exports }),
    ...(random.chance(0.3) && { sideEffects: false }),
    dependencies: Object.fromEntries(uses.filter(() => random.chance(0.8)).map((used) => [used, '*'])),
  });
  const kindOf = (used: string): Package['kind'] => all.find((each) => each.name === used)?.kind ?? 'cjs';
  const esm = (file: string): string => `import { part } from './part.mjs';
${uses.map((used, index) => importOf(used, kindOf(used), index, random)).join('\n')}
(globalThis.${key} ??= []).push('${name} ${file}');
${random.chance(0.15) ? 'export const url = import.meta.url.split("/").slice(-2);' : ''}
${random.chance(0.15) ? 'export const cjs = [typeof module, typeof exports];' : ''}
export class Shared { static make() { return new Shared(); } }
export function go() { return [${uses.map((_used, index) => `typeof p${index}`).join(', ')}]; }
export let changing = 1; changing += 1;
export function strict() { return this === undefined; }
${random.chance(0.3) ? "export * from './part.mjs';" : 'export { part };'}
${random.chance(0.5) ? 'export default function main() { return part; }' : 'export default { kind: "object", part };'}`;
  const cjs = (
    file: string,
  ): string => `${random.chance(0.5) ? "'use strict';\n" : ''}(globalThis.${key} ??= []).push('${name} ${file}');
${uses.map((used, index) => requireOf(used, kindOf(used), index)).join('\n')}
const part = require('./part.cjs');
${random.chance(0.2) ? 'exports.place = __dirname.split("/").at(-1);' : ''}
${random.chance(0.3) ? 'Object.defineProperty(exports, "__esModule", { value: true }); exports.default = part.part;' : ''}
exports.part = part.part; exports.own = this === exports;
exports.Shared = class Shared { static make() { return new Shared(); } };
exports.go = function go() { return [${uses.map((_used, index) => `typeof p${index}`).join(', ')}]; };
exports.strict = function () { return this === undefined || this === exports ? typeof this : (function () { return this === undefined; })(); };
${random.chance(0.1) ? 'const late = require; exports.late = late("./data.json");' : 'exports.data = require("./data.json");'}`;
  if (kind !== 'cjs') texts[`${folder}/index.${isModule ? 'js' : 'mjs'}`] = esm('es');
  if (kind === 'cjs' || kind === 'dual') texts[`${folder}/index.${kind === 'dual' ? 'cjs' : 'js'}`] = cjs('cjs');
  texts[`${folder}/part.mjs`] =
    `(globalThis.${key} ??= []).push('${name} part'); export const part = 'part of ${name} in ${folder.length}';`;
  texts[`${folder}/part.cjs`] = `exports.part = 'part of ${name} in ${folder.length}';`;
  texts[`${folder}/data.json`] = `{ "of": "${name}" }`;
}

function importOf(name: string, kind: Package['kind'], index: number, random: Random): string {
  const named = kind === 'cjs' ? `import p${index} from '${name}';` : `import { go as p${index} } from '${name}';`;
  return random.of([`import * as p${index} from '${name}';`, `import p${index} from '${name}';`, named]);
}

/** A cycle of ES modules and require() is an error, as is a package without a file for require(). */
function requireOf(name: string, kind: Package['kind'], index: number): string {
  const loaded =
    kind === 'cjs'
      ? `require('${name}')`
      : `(() => { try { return require('${name}'); } catch (error) { return error.code; } })()`;
  return `const p${index} = ${loaded};`;
}

function dynamicOf(used: readonly Package[], random: Random): string {
  if (used.length === 0 || !random.chance(0.3)) return '';
  return `, Object.keys(await import('${random.of(used).name}')).sort()`;
}
