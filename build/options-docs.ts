/**
 * Writes docs/options.md, and the tables of README, from the tables of options: `npm run docs:options`. A house test
 * compares both with the output of this program.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { AGENT_TABLE } from '../src/options/agent-table.ts';
import { INSTALL_TABLE } from '../src/options/install-table.ts';
import { documentTable, readmeTable } from '../src/options/markdown.ts';
import type { Table } from '../src/options/option.ts';
import { VERB_TABLES } from '../src/options/verb-tables.ts';

const INTRODUCTION = `# Options

This page is written from the tables in \`src/options/\` by \`npm run docs:options\`. \`launchpool help VERB\` prints the
options of one verb. SECONDS may have a fraction, or a unit: 500ms, 30s, 5m, 2h. MB is MiB, 1048576 bytes. A value outside of its range is refused with
\`ERR_LAUNCHPOOL_OPTION_INVALID\`, exit status 64; an agent that a supervisor has started reports it to its clients.
\`upgrade\` keeps the options that \`install\` was given.

## In a package.json

The options of an agent may stand in the \`package.json\` of its module, which is the nearest one above it, as for Node:

    { "launchpool": { "label": "com.example.rot13", "idle": "30s", "threads": 2, "env": { "LANG": "C" }, "md5": false } }

A name is that of the flag in camelCase; \`--no-md5\` is \`"md5": false\`. A value is what the flag takes, as text or as a number;
true or false for a flag without a value; an array for one that may be repeated; and for \`env\` an object. Paths are
relative to the folder of the file. \`supervisor\`, \`dryRun\` and \`json\` have no place there. Several agents of one package have options of their own, above those
of all; each has a label of its own:

    { "launchpool": { "idle": "30s", "agents": { "./src/a.ts": { "label": "com.example.a" }, "./src/b.ts": { "label": "com.example.b" } } } }

\`install\` and \`upgrade\` read the file, and \`dev\` takes the options from it that it has, when it starts. \`run\` does not: a job has its
flags. The verbs that take a label take it from the command line alone. An option of the command line stands above one of the file; variables and entries of \`include\` count one by one.
\`upgrade\` keeps what \`install\` was given on its command line, and takes the rest from the file as it is then. \`launchpool
status LABEL --options\` prints every option with its value and its origin; \`status\` says when the section has changed. Anything
else in the section is refused with \`ERR_LAUNCHPOOL_OPTION_INVALID\`, exit status 64, and the name of the file and the option.
`;

/** The whole of docs/options.md. */
export function optionsPage(tables: Readonly<Record<string, readonly Table[]>> = VERB_TABLES): string {
  const verbsOf = new Map<Table, string[]>();
  for (const [verb, own] of Object.entries(tables)) {
    for (const table of own) verbsOf.set(table, [...(verbsOf.get(table) ?? []), verb]);
  }
  // The longest table first: the options of the agent, then those of an installation.
  const sections = [...verbsOf].sort(([a], [b]) => Object.keys(b).length - Object.keys(a).length);
  const texts = sections.map(([table, verbs]) => `## Options of ${listOf(verbs)}\n\n${documentTable(table)}`);
  return withPageLinks([INTRODUCTION, ...texts].join('\n'));
}

/** Names of other pages, as the help has them, become links. */
function withPageLinks(text: string): string {
  return text.replace(/(?<![[(/])\b(reliability|description|debugging)\.md\b/g, '[$1.md]($1.md)');
}

/** README with its tables replaced. */
export function withTables(
  readme: string,
  tables: Readonly<Record<string, Table>> = { agent: AGENT_TABLE, install: INSTALL_TABLE },
): string {
  return Object.entries(tables).reduce((text, [name, table]) => {
    const [begin, end] = [`<!-- options of ${name}: npm run docs:options -->\n`, `<!-- end -->\n`];
    const from = text.indexOf(begin);
    const to = text.indexOf(end, from);
    if (from < 0 || to < 0) throw new Error(`README lacks ${begin.trim()} or ${end.trim()}`);
    return `${text.slice(0, from + begin.length)}\n${readmeTable(table)}\n${text.slice(to)}`;
  }, readme);
}

function listOf(verbs: readonly string[]): string {
  const names = verbs.map((verb) => `\`${verb}\``);
  return names.length === 1 ? String(names[0]) : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

if (import.meta.main) {
  const pathOf = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url));
  writeFileSync(pathOf('docs/options.md'), optionsPage());
  writeFileSync(pathOf('README.md'), withTables(readFileSync(pathOf('README.md'), 'utf8')));
}
