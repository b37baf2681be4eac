/** The OpenRPC document of an agent: that of an installed one from its file, that of a socket from the agent itself. */
import { join } from 'node:path';
import { readDescription } from '../../description/description-file.ts';
import { type OpenRpcDocument, openRpc, versionOf } from '../../description/open-rpc.ts';
import { LaunchpoolError } from '../../wire/errors.ts';
import { connectRpc, type RpcClient } from '../client/rpc.ts';
import { hostOf } from '../installed/host.ts';
import { layoutOf } from '../installed/layout.ts';
import { mustBeInstalled } from '../installed/record.ts';
import { connectOptionsOf } from './client-flags.ts';
import type { CommanderFlags } from './given-flags.ts';

/**
 * Starts no process for a label.
 * @param target a label, or the path of a socket.
 * @throws ERR_LAUNCHPOOL_NOT_INSTALLED, ERR_LAUNCHPOOL_NOT_DESCRIBED; for a path, what a call throws
 */
export async function documentOf(target: string, flags: CommanderFlags): Promise<OpenRpcDocument> {
  if (!target.includes('/')) return installedDocument(target);
  const client = await connectRpc(target, connectOptionsOf(flags));
  try {
    return await discover(client);
  } finally {
    client.close();
  }
}

/** @throws ERR_LAUNCHPOOL_ADDRESS_INVALID, ERR_LAUNCHPOOL_NOT_INSTALLED, ERR_LAUNCHPOOL_NOT_DESCRIBED */
export function installedDocument(label: string): OpenRpcDocument {
  const host = hostOf();
  const { kind, hash } = mustBeInstalled(label, host);
  if (kind === 'raw')
    throw notDescribed(
      `${label} is a raw agent: it has no methods`,
      `\`launchpool call ${label} --raw\` sends it standard input.`,
    );
  const description = readDescription(join(layoutOf(label, host).versions, hash));
  if (description !== undefined) return openRpc(description, { title: label, version: versionOf(description) });
  throw notDescribed(
    `${label} has no description: its launchpool wrote none, or the file is damaged`,
    `\`launchpool upgrade ${label}\` writes it.`,
  );
}

/** Asks a running agent. @throws ERR_LAUNCHPOOL_REPLY_INVALID for what is no such document */
export async function discover(client: Pick<RpcClient, 'call'>): Promise<OpenRpcDocument> {
  const document = (await client.call('rpc.discover', [])) as Partial<OpenRpcDocument> | null;
  if (isDocument(document)) return document;
  throw new LaunchpoolError('ERR_LAUNCHPOOL_REPLY_INVALID', 'the result of rpc.discover is no OpenRPC document');
}

/** As far as it is read here. Other servers of OpenRPC leave out the extensions. */
function isDocument(document: Partial<OpenRpcDocument> | null): document is OpenRpcDocument {
  if (typeof document?.info !== 'object' || !Array.isArray(document.methods)) return false;
  return document.methods.every((method) => typeof method?.name === 'string' && Array.isArray(method.params));
}

function notDescribed(message: string, hint: string): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_NOT_DESCRIBED', message, { hint });
}
