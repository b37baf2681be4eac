/** A server in a configuration file of TOML. Only its own keys change; comments and everything else stay, byte by byte. */
import type { ClientFile } from './client-files.ts';
import type { ServerEntry } from './server-entry.ts';
import { type Statement, tomlStatements } from './toml-statements.ts';

type Section = Pick<ClientFile, 'section'>;

/** The table of this server alone. */
export function tomlText(entry: ServerEntry, { section }: Section): string {
  return `[${section}.${entry.name}]\n${pairsOf(entry).map(lineOf).join('')}`;
}

/** The text of the server's table, undefined if there is none. @throws Error for what is no TOML, or cannot be changed here */
export function serverInToml(text: string, { section }: Section, name: string): string | undefined {
  const own = ownTable(tomlStatements(text), section, name);
  return own && text.slice(own.header.start, own.pairs.at(-1)?.end ?? own.header.end);
}

/** The file with the server; further keys of its table, and tables within it, stay. @throws Error as above */
export function mergedToml(text: string, entry: ServerEntry, file: Section): string {
  const own = ownTable(tomlStatements(text), file.section, entry.name);
  if (own === undefined) {
    const gap = text === '' ? '' : text.endsWith('\n') ? '\n' : '\n\n';
    return `${text}${gap}${tomlText(entry, file)}`;
  }
  const values = new Map(pairsOf(entry));
  const isWhole = ({ keys }: Statement): boolean => keys.length === 1 && values.has(keys[0] as string);
  const present = new Set([...own.inner, ...own.pairs.map(({ keys }) => keys[0])]);
  const added = pairsOf(entry).filter(([key]) => !present.has(key));
  let changed = text;
  // From the end, so that the places before it stay.
  for (const { keys, valueStart, valueEnd } of own.pairs.filter(isWhole).toReversed()) {
    changed = `${changed.slice(0, valueStart)}${values.get(keys[0] as string)}${changed.slice(valueEnd)}`;
  }
  if (added.length === 0) return changed;
  const head = changed.slice(0, own.header.end);
  const lines = added.map(lineOf).join('');
  return `${head}${head.endsWith('\n') ? '' : '\n'}${lines}${changed.slice(own.header.end)}`;
}

type OwnTable = {
  header: Statement;
  pairs: Statement[];
  /** The first keys of the tables within it. */
  inner: string[];
};

function ownTable(statements: readonly Statement[], section: string, name: string): OwnTable | undefined {
  const isOwn = ({ keys }: Statement): boolean => keys[0] === section && keys[1] === name;
  let table: Statement | undefined;
  let own: OwnTable | undefined;
  const inner: string[] = [];
  for (const statement of statements) {
    if (statement.kind !== 'pair') {
      table = statement;
      if (statement.kind === 'tables' && statement.keys[0] === section && statement.keys.length < 3)
        throw new Error(`it has [[${statement.keys.join('.')}]], which is another form`);
      if (!isOwn(statement)) continue;
      if (statement.keys.length === 2) own = { header: statement, pairs: [], inner };
      else inner.push(statement.keys[2] as string);
      continue;
    }
    const keys = [...(table?.keys ?? []), ...statement.keys];
    if (table !== undefined && isOwn(table) && table.keys.length === 2) own?.pairs.push(statement);
    // As `mcp_servers = { … }`, or `name.command = "…"` outside of a table of its own.
    else if (keys[0] === section && (keys.length === 1 || (keys[1] === name && (table?.keys.length ?? 0) < 2)))
      throw new Error(`it has the key ${statement.keys.join('.')}, which is another form of a table`);
  }
  return own;
}

/** The keys and the values as TOML; its strings are those of JSON. */
function pairsOf({ command, args, env }: ServerEntry): [string, string][] {
  const text = (value: string): string => JSON.stringify(value).replaceAll('\x7f', '\\u007f');
  const list = args.map(text).join(', ');
  const variables = Object.entries(env ?? {}).map(([name, value]) => `${text(name)} = ${text(value)}`);
  return [
    ['command', text(command)],
    ['args', `[${list}]`],
    ...(variables.length > 0 ? [['env', `{ ${variables.join(', ')} }`] as [string, string]] : []),
  ];
}

function lineOf([key, value]: [string, string]): string {
  return `${key} = ${value}\n`;
}
