/** `launchpool mcp`: serves the methods of installed agents as tools of MCP. */
import { serveMcp } from '../../mcp/serve.ts';
import { usage } from '../call-arguments.ts';
import { connectOptionsOf } from '../client-flags.ts';
import type { CommanderFlags } from '../given-flags.ts';
import { printNow } from '../print.ts';

/** What is still on its way, such as a connection that is being made, does not outlive the client for longer. */
const EXIT_MS = 250;

/** @returns the exit status, when the client has ended. */
export async function mcp(labels: readonly string[], flags: CommanderFlags): Promise<number> {
  const twice = labels.find((label, index) => labels.indexOf(label) !== index);
  if (twice !== undefined) throw usage(`${twice} is given twice`, undefined, 'Give each label once.');
  if (process.stdin.isTTY)
    note('waits for a client of MCP on standard input; --config CLIENT prints how one starts it');
  await serveMcp(labels, () => connectOptionsOf(flags, true), note);
  setTimeout(() => process.exit(), EXIT_MS).unref();
  return 0;
}

/** Standard output belongs to the client. Standard error may be closed, and then has no reader. */
function note(line: string): void {
  printNow(2, `launchpool mcp: ${line}\n`);
}
