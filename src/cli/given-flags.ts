/** The agent's flags as commander has found them. */
import { AGENT_FLAGS } from '../agent/agent-flags.ts';

/** By the names of the table: commander keeps `--max-frame` as `maxFrame`, and `--no-md5` as `md5: false`. */
export function agentFlagsOf(flags: Readonly<Record<string, unknown>>): Record<string, string | boolean | undefined> {
  const given = (name: string): unknown =>
    name.startsWith('no-') ? flags[camelCase(name.slice(3))] === false || undefined : flags[camelCase(name)];
  return Object.fromEntries(
    Object.keys(AGENT_FLAGS).map((name) => [name, given(name) as string | boolean | undefined]),
  );
}

function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_dash, letter: string) => letter.toUpperCase());
}
