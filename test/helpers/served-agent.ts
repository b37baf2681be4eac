/** Agents on NATS: `launchpool serve`, and a client of links without what launchpool's own client does. */
import { mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import type { Link } from '../../src/nats/link.ts';
import type { NatsConnection, NatsHeaders } from '../../src/nats/nats-types.ts';
import { openLink } from '../../src/nats/open-link.ts';
import { longHeader } from '../../wire/closing.ts';
import { encodeTextFrame, payloadStart } from '../../wire/frame.ts';
import { createFrameReader } from '../../wire/frame-reader.ts';
import { ENTRY } from './agent.ts';
import { writeTree } from './materialise.ts';
import { NATS_PROJECT, natsLibrary } from './nats-server.ts';
import { type Running, startProgram } from './program.ts';
import { tempDir } from './temp-dir.ts';

/** The compiler that describes the methods. */
const TYPESCRIPT = fileURLToPath(new URL('../../node_modules/typescript', import.meta.url));

/** A project with the packages of NATS. @param isTyped whether it has a compiler too. @returns the path of its module. */
export async function natsProject(t: ExecutionContext, text: string, { isTyped = false } = {}): Promise<string> {
  const folder = await tempDir(t);
  await writeTree(folder, { 'package.json': '{ "version": "1.2.3" }', 'agent.ts': text });
  await mkdir(join(folder, 'node_modules'));
  await symlink(join(dirname(NATS_PROJECT), 'node_modules', '@nats-io'), join(folder, 'node_modules', '@nats-io'));
  if (isTyped) await symlink(TYPESCRIPT, join(folder, 'node_modules', 'typescript'));
  return join(folder, 'agent.ts');
}

/** Resolves when the service is known. */
export async function serve(
  t: ExecutionContext,
  module: string,
  url: string,
  flags: readonly string[] = [],
): Promise<Running> {
  const running = startProgram(t, [process.execPath, ENTRY, 'serve', module, '--nats', url, ...flags]);
  await Promise.race([
    running.stderr(/nats-serving/),
    running.ended.then(async (status) => {
      throw new Error(`serve has ended with ${status}: ${await running.stderr(/(?:)/)}`);
    }),
  ]);
  return running;
}

export type ServiceInfo = {
  id: string;
  version: string;
  metadata: Record<string, string>;
  endpoints: { name: string; subject: string; queue_group: string; metadata: Record<string, string>; data?: unknown }[];
};

/** What `$SRV.<verb>.<name>` answers, of each instance. */
export async function askService(
  nats: NatsConnection,
  verb: 'PING' | 'INFO' | 'STATS',
  name: string,
): Promise<ServiceInfo[]> {
  const found: ServiceInfo[] = [];
  const replies = await nats.requestMany(`$SRV.${verb}.${name}`, new Uint8Array(), {
    strategy: 'stall',
    stall: 300,
    maxWait: 5_000,
  });
  for await (const { data } of replies) found.push(JSON.parse(Buffer.from(data).toString()));
  return found;
}

export type LinkClient = {
  link: Link;
  /** Resolves with the response. */
  call(method: string, ...params: unknown[]): Promise<{ result?: unknown; error?: { code: number; data?: unknown } }>;
  /** Frames without an id, such as the closing notice. */
  readonly notices: string[];
};

export async function linkClient(nats: NatsConnection, name: string, instance: string): Promise<LinkClient> {
  const { stream } = await openLink(nats, { name, instance });
  const open = new Map<number, (response: never) => void>();
  const notices: string[] = [];
  const reader = createFrameReader({ maxRunFrames: 1 });
  stream.on('data', (chunk: Buffer) =>
    reader.push(chunk, (frame) => {
      const text = frame.subarray(payloadStart(frame, 0)).toString();
      const { id } = JSON.parse(text) as { id?: number };
      if (id === undefined) notices.push(text);
      else open.get(id)?.(JSON.parse(text) as never);
    }),
  );
  let last = 0;
  return {
    link: stream,
    notices,
    call(method, ...params) {
      last += 1;
      const text = JSON.stringify({ jsonrpc: '2.0', id: last, method, params });
      // The first frame says that this client understands the closing notice.
      if (last === 1) stream.write(Buffer.concat([longHeader(Buffer.byteLength(text)), Buffer.from(text)]));
      else stream.write(encodeTextFrame(text));
      return new Promise((resolve) => open.set(last, resolve));
    },
  };
}

export type PlainAnswer = { body: string; error: string; status: string; code: string };

/** A plain request, as any client of NATS makes it. */
export async function plainRequest(
  nats: NatsConnection,
  subject: string,
  body: string | Uint8Array,
  given: Readonly<Record<string, string>> = {},
): Promise<PlainAnswer> {
  const headers: NatsHeaders = (await natsLibrary()).headers();
  for (const [name, value] of Object.entries(given)) headers.set(name, value);
  const payload = typeof body === 'string' ? Buffer.from(body) : body;
  const message = await nats.request(subject, payload, { timeout: 30_000, headers });
  const of = (name: string): string => message.headers?.get(name) ?? '';
  return {
    body: Buffer.from(message.data).toString(),
    error: of('Nats-Service-Error'),
    status: of('Nats-Service-Error-Code'),
    code: of('Launchpool-Error-Code'),
  };
}
