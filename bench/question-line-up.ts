/** The contenders that only their question can start. */
import type { Contender } from './line-up-entry.ts';

export const PACKAGE_KINDS: readonly string[] = [
  'package-agent-new',
  'package-agent-again',
  'package-node',
  'package-node-kept',
];

export const SHELL_KINDS: readonly string[] = [
  'shell-launchpool',
  'shell-node',
  'shell-python',
  'shell-nc',
  'shell-prettierd',
  'shell-eslint_d',
];

export const MCP_KINDS: readonly string[] = ['mcp-launchpool', 'mcp-node', 'mcp-sdk'];

export const NATS_KINDS: readonly string[] = ['nats-launchpool', 'nats-launchpool-plain', 'nats-piscina', 'nats-bare'];

export const BALANCE_KINDS: readonly string[] = ['balance-launchpool', 'balance-queue-group'];

export const QUESTION_KINDS: readonly string[] = [
  ...PACKAGE_KINDS,
  ...SHELL_KINDS,
  ...MCP_KINDS,
  ...NATS_KINDS,
  ...BALANCE_KINDS,
];

export function questionContenders(): Contender[] {
  return QUESTION_KINDS.map((kind) => ({
    name: kind,
    kind,
    byQuestion: true,
    command: () => {
      throw new TypeError(`${kind} is started by its question`);
    },
    env: () => ({}),
  }));
}
