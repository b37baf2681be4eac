/** Serves agents to a client of MCP on standard input and output, until the client ends. */
import type { OpenRpcDocument } from '../../description/open-rpc.ts';
import { isServiceTarget, withoutCredentials } from '../../wire/address.ts';
import { LaunchpoolError } from '../../wire/errors.ts';
import type { ConnectOptions } from '../client/connect-options.ts';
import { hostOf } from '../installed/host.ts';
import { packageVersion } from '../version.ts';
import { type AgentReader, createAgentReader } from './agent-files.ts';
import { createBridge } from './bridge.ts';
import { createCaller } from './calling.ts';
import { createCatalogue } from './catalogue.ts';
import { clientEnd } from './life-cycle.ts';
import { createLineReader, createLineWriter } from './lines.ts';
import { errorText } from './tool-errors.ts';

/** Open calls of a client that has closed its end, such as `echo`, have this long to be answered. */
const GRACE_MS = 500;
/** Of answers that the client does not read: then its requests are not read either. */
const MAX_UNREAD_BYTES = 16 * 1024 ** 2;

/**
 * @param targets labels of installed agents, and services on NATS.
 * @param connectOptions is called for each connection to an agent.
 * @param note gets a line for people.
 * @throws ERR_LAUNCHPOOL_ADDRESS_INVALID, ERR_LAUNCHPOOL_TOOL_NAMES
 */
export async function serveMcp(
  targets: readonly string[],
  connectOptions: () => ConnectOptions,
  note: (line: string) => void,
): Promise<void> {
  const { stdin, stdout } = process;
  const targetOf = new Map(targets.map((target) => [labelOf(target), target]));
  const labels = [...targetOf.keys()];
  if (labels.length < targets.length) throw sameName(targets);
  const catalogue = createCatalogue(await Promise.all(targets.map((target) => readerOf(target, connectOptions))));
  for (const problem of catalogue.problems().values()) note(errorText(problem));
  // Names that are not unique end it at once. Everything else is an answer to the client.
  catalogue.checkNames();
  const output = createLineWriter(stdout);
  const caller = createCaller(connectOptions, (label) => targetOf.get(label) ?? label);
  const bridge = createBridge({ labels, version: packageVersion(), catalogue, caller, output });
  const reader = createLineReader({ onLine: bridge.receive, onTooLong: bridge.receiveTooLong });
  const ended = clientEnd({ input: stdin, output: stdout });
  stdin.on('data', (chunk: Buffer) => {
    reader.push(chunk);
    if (stdout.writableLength < MAX_UNREAD_BYTES) return;
    stdin.pause();
    stdout.once('drain', () => stdin.resume());
  });
  if ((await ended) === 'input') {
    reader.end();
    await Promise.race([bridge.idle(), within(GRACE_MS)]);
  }
  bridge.close();
  stdin.destroy();
}

/** The name of a service stands for its address, which may have a password. */
function labelOf(target: string): string {
  return isServiceTarget(target) ? target.slice(target.lastIndexOf('/') + 1) : target;
}

async function readerOf(target: string, connectOptions: () => ConnectOptions): Promise<AgentReader> {
  if (!isServiceTarget(target)) return createAgentReader(target, hostOf());
  const [{ connectRpc }, { createServiceReader }] = await Promise.all([
    import('../client/rpc.ts'),
    import('./service-reader.ts'),
  ]);
  return createServiceReader({
    label: labelOf(target),
    async discover() {
      const client = await connectRpc(target, connectOptions());
      try {
        return (await client.call('rpc.discover', [])) as OpenRpcDocument;
      } finally {
        client.close();
      }
    },
  });
}

function sameName(targets: readonly string[]): LaunchpoolError {
  return new LaunchpoolError(
    'ERR_LAUNCHPOOL_TOOL_NAMES',
    `two of these have the same name: ${targets.map(withoutCredentials).join(', ')}`,
    { hint: 'Serve them apart: start `launchpool mcp` once for each.' },
  );
}

function within(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
