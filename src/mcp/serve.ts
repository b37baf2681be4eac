/** Serves agents to a client of MCP on standard input and output, until the client ends. */
import type { ConnectOptions } from '../client/connect-options.ts';
import { hostOf } from '../installed/host.ts';
import { packageVersion } from '../version.ts';
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
 * @param connectOptions is called for each connection to an agent.
 * @param note gets a line for people.
 * @throws ERR_LAUNCHPOOL_ADDRESS_INVALID, ERR_LAUNCHPOOL_TOOL_NAMES
 */
export async function serveMcp(
  labels: readonly string[],
  connectOptions: () => ConnectOptions,
  note: (line: string) => void,
): Promise<void> {
  const { stdin, stdout } = process;
  const catalogue = createCatalogue(labels, hostOf());
  for (const problem of catalogue.problems().values()) note(errorText(problem));
  // Names that are not unique end it at once. Everything else is an answer to the client.
  catalogue.checkNames();
  const output = createLineWriter(stdout);
  const caller = createCaller(connectOptions);
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

function within(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
