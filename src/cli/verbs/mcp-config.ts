/** `launchpool mcp --config`: what the configuration file of a client of MCP needs, printed or written. */
import { resolve } from 'node:path';
import { hostOf } from '../../installed/host.ts';
import { clientFile } from '../../mcp/clients/client-files.ts';
import { serverEntry } from '../../mcp/clients/server-entry.ts';
import { configText, writeConfig } from '../../mcp/clients/write-config.ts';
import { CLIENT_TABLE } from '../../options/client-table.ts';
import { MCP_TABLE } from '../../options/mcp-table.ts';
import { parseOptions } from '../../options/parse-options.ts';
import { usage } from '../call-arguments.ts';
import { type CommanderFlags, givenFlags } from '../given-flags.ts';
import { print } from '../print.ts';

/** @returns the exit status. */
export async function mcpConfig(labels: readonly string[], flags: CommanderFlags): Promise<number> {
  const { config, write, name, authkeyFile, md5, serverUid } = parseOptions(MCP_TABLE, givenFlags(MCP_TABLE, flags));
  if (config === undefined) throw usage('--write and --name need --config CLIENT', undefined, 'Name the client.');
  const host = hostOf();
  const bridgeFlags = [
    ...(authkeyFile === undefined ? [] : [`--${CLIENT_TABLE.authkeyFile.flag}`, resolve(authkeyFile)]),
    ...(md5 ? [] : [`--${CLIENT_TABLE.md5.flag}`]),
    ...(serverUid ?? []).flatMap((uid) => [`--${CLIENT_TABLE.serverUid.flag}`, String(uid)]),
  ];
  const program = resolve(process.argv[1] ?? '');
  const entry = serverEntry({ labels, name, program, flags: bridgeFlags, host });
  const file = clientFile(config, host);
  if (!write) {
    await print(configText(entry, file));
    process.stderr.write(`\nFor ${file.title}: ${file.path}\n--write adds it there, and keeps a copy of the file.\n`);
    return 0;
  }
  const { path, changed, backup } = await writeConfig(entry, file, labels);
  const lines = [
    changed
      ? `${file.title} has the server ${entry.name} now: ${path}`
      : `${path} has the server ${entry.name} already.`,
    ...(backup === undefined ? [] : [`The file as it was: ${backup}`]),
    ...(changed ? [`Restart ${file.title} if it runs.`] : []),
  ];
  await print(`${lines.join('\n')}\n`);
  return 0;
}
