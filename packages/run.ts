/**
 * Agents of real packages: what they answer under plain Node, under `launchpool dev`, installed with their sources out of
 * the way, and after an upgrade. Writes docs/packages.md when all of them ran.
 *
 *     npm ci --prefix packages            once
 *     npm run packages                    all agents
 *     npm run packages -- sharp date-fns  some of them
 *     npm run packages -- --graphs 500    random projects alone; 2000 of them follow all agents
 */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { restoreSources } from './harness/files.ts';
import { compareMany } from './harness/graphs.ts';
import { type Row, runRow } from './harness/row.ts';
import { documentOf, lineOf } from './harness/table.ts';

/** How many random projects follow all agents. */
const GRAPHS = 2000;

restoreSources();
if (!existsSync(join(import.meta.dirname, 'node_modules'))) {
  console.error('The packages are not installed. Run first: npm ci --prefix packages');
  process.exit(2);
}
const all = readdirSync(join(import.meta.dirname, 'agents'))
  .filter((name) => /\.[cm]?[jt]s$/.test(name))
  .map((name) => basename(name).replace(/\.\w+$/, ''))
  .sort();
const given = process.argv.slice(2);
if (given[0] === '--graphs') process.exit((await compareMany(Number(given[1] ?? GRAPHS))) ? 0 : 1);
const names = given.length === 0 ? all : given;
const unknown = names.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  console.error(`no such agent: ${unknown.join(', ')}; there are ${all.join(', ')}`);
  process.exit(2);
}
const rows: Row[] = [];
for (const [index, name] of names.entries()) {
  const row = await runRow(name);
  rows.push(row);
  console.log(`${String(index + 1).padStart(3)}/${names.length}  ${lineOf(row)}`);
}
const wrong = rows.filter(
  ({ stages, refused }) => refused === undefined && Object.values(stages).some((stage) => stage !== 'right'),
);
console.log(`${rows.length - wrong.length} of ${rows.length} right or refused`);
if (given.length === 0) writeFileSync(join(import.meta.dirname, '..', 'docs', 'packages.md'), documentOf(rows));
const areSame = given.length > 0 || (await compareMany(GRAPHS));
process.exitCode = wrong.length > 0 || !areSame ? 1 : 0;
