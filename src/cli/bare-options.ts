/** Options whose value may be missing, such as `--inspect[=PORT]`: commander would take the next argument for the value. */
import type { Table } from '../options/option.ts';
import { VERB_TABLES } from '../options/verb-tables.ts';

/**
 * The arguments with each value joined to such an option: `--inspect agent.ts` is `--inspect=0 agent.ts`, and
 * `--inspect 9229` is `--inspect=9229`.
 * @param args begin with the verb.
 */
export function withBareOptions(args: readonly string[]): string[] {
  const [verb, ...rest] = args;
  const defaults = bareOptionsOf(verb);
  const end = rest.indexOf('--');
  const given: string[] = [];
  for (let at = 0; at < rest.length; at += 1) {
    const arg = rest[at] as string;
    const bare = end >= 0 && at > end ? undefined : defaults.get(arg);
    if (bare === undefined) given.push(arg);
    else if (/^\d+$/.test(rest[at + 1] ?? '')) {
      at += 1;
      given.push(`${arg}=${rest[at]}`);
    } else given.push(`${arg}=${bare}`);
  }
  return verb === undefined ? [] : [verb, ...given];
}

function bareOptionsOf(verb: string | undefined): Map<string, string> {
  const tables: readonly Table[] =
    verb !== undefined && Object.hasOwn(VERB_TABLES, verb) ? VERB_TABLES[verb as keyof typeof VERB_TABLES] : [];
  const rows = tables.flatMap((table) => Object.values(table));
  return new Map(
    rows.flatMap((row) => ('bare' in row && row.bare !== undefined ? [[`--${row.flag}`, row.bare] as const] : [])),
  );
}
