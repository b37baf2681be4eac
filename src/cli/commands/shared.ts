/** Flags that several verbs have. */
import type { Command } from 'commander';
import { AGENT_FLAGS } from '../../agent/agent-flags.ts';

/** Takes the exit status of the verb. */
export type Done = (status: number) => void;

export function addAgentFlags(command: Command): Command {
  for (const [name, { value, help }] of Object.entries(AGENT_FLAGS)) {
    if (value !== undefined) command.option(`--${name} <${value}>`, help);
    else command.option(`--${name}`, help);
  }
  return command;
}

export function addClientFlags(command: Command): Command {
  return command
    .option('--raw', 'the agent is a raw one: bytes in, bytes out')
    .option('--authkey-file <FILE>', 'the key that the agent asks for')
    .option('--no-md5', 'refuse HMAC-MD5 in the authkey handshake');
}

export const JSON_HELP = 'print one JSON object with a result or an error';
export const TARGET_HELP = "an agent's label, or the path of its socket";
