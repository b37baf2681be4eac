/** The names of tools: those of the methods, with the label in front where several agents are served. */
import { LaunchpoolError } from '../../wire/errors.ts';

/** The APIs of language models allow no more characters, and no others than these. */
export const MAX_NAME = 64;
const OTHERS = /[^a-zA-Z0-9_-]/gu;
const SEPARATOR = '__';

export type MethodOfAgent = { label: string; method: string };

/** @param label undefined if one agent is served. */
export function toolName(method: string, label?: string): string {
  const own = plain(method);
  if (label === undefined) return own.slice(0, MAX_NAME);
  // What tells labels apart stands at their end: com.example.rot13.
  const room = Math.max(1, MAX_NAME - SEPARATOR.length - own.length);
  return `${plain(label).slice(-room)}${SEPARATOR}${own}`.slice(0, MAX_NAME);
}

function plain(text: string): string {
  return text.replace(OTHERS, '_');
}

/**
 * Names all methods, in their order.
 * @throws ERR_LAUNCHPOOL_TOOL_NAMES for two methods with one name
 */
export function toolNames(methods: readonly MethodOfAgent[], isOneAgent: boolean): Map<string, MethodOfAgent> {
  const names = new Map<string, MethodOfAgent>();
  for (const each of methods) {
    const name = toolName(each.method, isOneAgent ? undefined : each.label);
    const other = names.get(name);
    if (other !== undefined) throw sameName(name, other, each);
    names.set(name, each);
  }
  return names;
}

function sameName(name: string, first: MethodOfAgent, second: MethodOfAgent): LaunchpoolError {
  const textOf = ({ label, method }: MethodOfAgent): string => `${method} of ${label}`;
  return new LaunchpoolError(
    'ERR_LAUNCHPOOL_TOOL_NAMES',
    `${textOf(first)} and ${textOf(second)} would both be the tool ${name}`,
    { hint: 'Rename one of them, hide it with the tag `@mcp hidden` in its comment, or serve the agents apart.' },
  );
}
