/** The rows as text: a line of the terminal, and docs/packages.md. */
import { readFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { join } from 'node:path';
import { CATEGORIES } from './categories.ts';
import type { Row } from './row.ts';

const mib = (bytes?: number): string => (bytes === undefined ? '–' : `${(bytes / 2 ** 20).toFixed(1)} MiB`);
const ms = (value?: number): string => (value === undefined ? '–' : `${Math.round(value)} ms`);

export function lineOf(row: Row): string {
  const faults = Object.entries(row.stages).filter(([, stage]) => stage !== 'right');
  const answer = row.refused ?? faults.map(([stage, fault]) => `${stage} ${fault}`).join('; ');
  const figures = `installed in ${ms(row.installMs)} (${ms(row.bundleMs)} beside ${ms(row.floorMs)}), ${mib(row.installedBytes)} of ${mib(row.packageBytes)}; cold ${ms(row.coldMs)}, plain ${ms(row.plainMs)}; ${mib(row.memoryBytes)}`;
  return `${row.name.padEnd(24)} ${answer === '' ? 'right' : answer}  ${figures}`;
}

export function documentOf(rows: readonly Row[]): string {
  const { dependencies } = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8'));
  const date = new Date().toISOString().slice(0, 10);
  const parts = Object.entries(CATEGORIES).map(([category, names]) => {
    const found = rows.filter(({ name }) => names.includes(name));
    return [`## ${category}`, '', HEAD, ...found.map(rowOf), ''].join('\n');
  });
  const versions = Object.entries(dependencies).map(([name, version]) => `${name} ${version}`);
  return `${[
    '# Real packages as agents',
    '',
    `Written by \`npm run packages\` in \`packages/\`, ${date}; ${cpus()[0]?.model ?? ''}, ${cpus().length} cores, Linux ${release()}, Node ${process.version}.`,
    '',
    'Each row is an agent as its user would write it: `packages/agents/<row>.ts`. Its answer is compared with the answer of plain',
    'Node: under `launchpool dev`; installed, with the sources and their `node_modules` out of the way; after a cold start; on two',
    'threads at once; after an upgrade. Last, it is uninstalled, and no file may be left. The times are of a first answer: of the',
    'installed agent from the connection that starts it, and of plain Node from the start of its process. `install` has the start',
    'of two processes that load the module; the times beside it are of bundling and copying alone, and of esbuild and a copy of the',
    'same files. `installed` has 2.9 MiB of launchpool itself; `node_modules` is what npm installs of the packages for that agent.',
    '',
    ...parts,
    '## Versions',
    '',
    versions.join(', '),
  ].join('\n')}\n`;
}

const HEAD =
  '| agent | answer | install | of it bundle and copy | esbuild and copy | installed | node_modules | cold | plain Node | memory |\n' +
  '|---|---|---:|---:|---:|---:|---:|---:|---:|---:|';

function rowOf(row: Row): string {
  const fault = Object.entries(row.stages).find(([, stage]) => stage !== 'right');
  const answer =
    row.refused !== undefined ? `refused: ${row.refused}` : fault === undefined ? 'right' : `**${fault.join(' ')}**`;
  return `| ${row.name} | ${answer.replaceAll('|', '\\|')} | ${ms(row.installMs)} | ${ms(row.bundleMs)} | ${ms(row.floorMs)} | ${mib(row.installedBytes)} | ${mib(row.packageBytes)} | ${ms(row.coldMs)} | ${ms(row.plainMs)} | ${mib(row.memoryBytes)} |`;
}
