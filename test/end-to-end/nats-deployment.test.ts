/** The deployment of docs/nats.md: its configuration, its commands for certificate and keys, and what they allow. */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { connectNats } from '../../src/nats/connect-nats.ts';
import type { NatsConnection } from '../../src/nats/nats-types.ts';
import { parseServers } from '../../src/nats/target.ts';
import { ENTRY } from '../helpers/agent.ts';
import { startInstance } from '../helpers/nats-cluster.ts';
import { natsLibrary, startNatsServer } from '../helpers/nats-server.ts';
import { declareWith, NotTested } from '../helpers/not-tested.ts';
import { freePort } from '../helpers/ports.ts';
import { runProgram } from '../helpers/program.ts';
import { askService, natsProject, plainRequest } from '../helpers/served-agent.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { findTool } from '../helpers/tools.ts';

const PAGE = readFileSync(fileURLToPath(new URL('../../docs/nats.md', import.meta.url)), 'utf8');
const PACKAGES = fileURLToPath(new URL('../../packages/nats', import.meta.url));
/** nats1, nats2 and nats3: Linux has all of these on its loopback interface. */
const HOSTS = ['127.0.0.1', '127.0.0.2', '127.0.0.3'];
const KEYS = { instance: 'INSTANCE_KEY', app: 'APP_KEY', script: 'SCRIPT_KEY' } as const;

type Name = keyof typeof KEYS;

/** What the page has, and must go on to have. */
function found(pattern: RegExp): string {
  const [, text] = pattern.exec(PAGE) ?? [];
  if (text === undefined) throw new Error(`docs/nats.md has nothing like ${pattern}`);
  return text;
}

const CONFIGURATION = found(/^```\n(# \/etc\/nats\/nats\.conf\n[\s\S]*?)^```$/m);
const CERTIFICATE = found(/^ +(openssl req .*)$/m);
const KEY = found(/^ +(node -p ".*")$/m);

async function shell(command: string, cwd: string, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const { status, stdout, stderr } = await runProgram(['/bin/sh', '-c', command], { cwd, env });
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr}`);
  return stdout.toString().trim();
}

/** @returns the path of the configuration. */
async function writeFiles(folder: string, routePorts: readonly number[]): Promise<string> {
  const addresses = HOSTS.map((host) => `IP:${host}`).join(',');
  // The packages of NATS take an address for localhost when they check a certificate.
  await shell(CERTIFICATE.replace('DNS:nats1,DNS:nats2,DNS:nats3', `DNS:localhost,${addresses}`), folder);
  let text = CONFIGURATION.replaceAll('/etc/nats', folder);
  for (const [name, placeholder] of Object.entries(KEYS)) {
    const command = KEY.replace("'instance.nk'", JSON.stringify(join(folder, `${name}.nk`)).replaceAll('"', "'"));
    text = text.replace(placeholder, await shell(command, PACKAGES));
  }
  for (const [index, host] of HOSTS.entries())
    text = text.replaceAll(`nats${index + 1}:6222`, `${host}:${routePorts[index]}`);
  const path = join(folder, 'nats.conf');
  await writeFile(path, text);
  return path;
}

const SERVICE = `export const rot13 = (text: string) => text.replace(/[a-z]/gi, (letter) =>
  String.fromCharCode(letter.charCodeAt(0) + (letter.toLowerCase() < 'n' ? 13 : -13)));`;

declareWith(test)(
  'three servers and five instances start as the page says, and each client may do its part alone',
  async (t) => {
    t.timeout(5 * 60_000);
    if (findTool('openssl') === undefined) throw new NotTested('openssl is not installed');
    const folder = await tempDir(t);
    const [ports, routePorts] = (await Promise.all(
      [0, 1].map(() => Promise.all(HOSTS.map((host) => freePort(host)))),
    )) as [number[], number[]];
    await start(t, folder, ports, routePorts);
    const addresses = HOSTS.map((host, index) => `${host}:${ports[index]}`);
    const url = `tls://${addresses.join(',')}`;
    const environment = (name: Name, inbox?: string) => ({
      NATS_NKEY: join(folder, `${name}.nk`),
      NATS_CA: join(folder, 'server.pem'),
      ...(inbox !== undefined && { NATS_INBOX_PREFIX: inbox }),
    });
    const connect = async (name: Name, server: string, inbox: string): Promise<NatsConnection> => {
      const library = await natsLibrary();
      const env = environment(name, inbox);
      const connection = await connectNats(parseServers(server), { library, connectionName: name, env });
      t.teardown(() => connection.close());
      return connection;
    };

    const module = await natsProject(t, SERVICE);
    const instances = Array.from({ length: 5 }, () =>
      startInstance(t, module, url, ['--name', 'rot13', '--threads', '1'], {
        ...process.env,
        ...environment('instance'),
      }),
    );
    await Promise.all(instances);
    // Each server knows all instances, wherever they are connected.
    for (const address of addresses) {
      const app = await connect('app', `tls://${address}`, '_INBOX.app');
      while ((await askService(app, 'INFO', 'rot13')).length < 5);
    }

    const env = { ...process.env, ...environment('app', '_INBOX.app') };
    const call = [process.execPath, ENTRY, 'call', `${url}/rot13`, 'rot13', '"Hello"'] as const;
    const { stdout, stderr } = await runProgram([...call], { cwd: PACKAGES, env });
    t.is(stdout.toString().trim(), '"Uryyb"', stderr);
    const script = await connect('script', url, '_INBOX.script');
    t.is((await plainRequest(script, 'rot13.rot13', '["Hello"]')).body, '"Uryyb"');

    const app = await connect('app', url, '_INBOX.app');
    for (const [client, subject] of [
      [app, 'launchpool.rot13.>'],
      [app, 'rot13.*'],
      [app, '_INBOX.script.>'],
      [script, '_INBOX.app.>'],
      [script, '$SRV.>'],
    ] as const) {
      t.regex((await refusal(client, subject)).message, /permission/i, subject);
    }
    await t.throwsAsync(app.request('rot13.rot13', Buffer.from('["Hello"]'), { timeout: 60_000 }), {
      message: /permission/i,
    });
    await t.throwsAsync(script.request('$SRV.INFO.rot13', Buffer.of(), { timeout: 60_000 }), {
      message: /permission/i,
    });
  },
);

/** Starts the three servers with the file of the page; their addresses are given beside it. */
async function start(t: ExecutionContext, folder: string, ports: readonly number[], routePorts: readonly number[]) {
  for (const [index, host] of HOSTS.entries()) {
    if (index === 0) await writeFiles(folder, routePorts);
    process.env.NATS_SERVER = `nats${index + 1}`;
    const args = ['-c', join(folder, 'nats.conf'), '--cluster', `nats://${host}:${routePorts[index]}`];
    await startNatsServer(t, { host, port: ports[index] as number, args });
  }
}

/** Resolves when the server has refused the subscription. */
function refusal(nats: NatsConnection, subject: string): Promise<Error> {
  return new Promise((resolve) => {
    nats.subscribe(subject, { callback: (error) => error !== null && resolve(error) });
  });
}
