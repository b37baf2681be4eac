/** Sets up what the commands of the question `shell` ask: a running agent, resident servers, installed agents. */
import { join } from 'node:path';
import { NODE_FLAGS } from '../../src/activation/node-flags.ts';
import { BUILT_FOLDER } from '../build.ts';
import { type Generator, generatorProgram, type WallOptions } from '../generator.ts';
import { installAgents } from '../installed/agents.ts';
import { builtProgram } from '../installed/program.ts';
import { outputOf } from '../processes.ts';
import { failureText, type Missing, type Prepared, type PrepareOptions } from '../question.ts';
import { ncClient, pythonClient, REPLY, TEXT } from './clients.ts';
import { hasPeers, NO_PEERS, startEslintD, startPrettierd } from './daemons.ts';

export const CALL = 'call';
export const VERSION = '--version';
export const STATUS = 'status';
const AGENTS = 20;
export const LIST: string = `list of ${AGENTS} agents`;

const ROT13 = join(import.meta.dirname, '..', 'handlers', 'raw', 'rot13.ts');

export type ShellPrepared = Prepared & {
  /** @param cell matters for launchpool itself only. */
  commandOf(kind: string, cell: string): WallOptions;
};

export async function prepareShell({ generator, folder, cells }: PrepareOptions): Promise<ShellPrepared> {
  const closings: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const each of closings.toReversed()) await each();
  };
  try {
    const clients = new Map<string, WallOptions | string>();
    if (cells.includes(CALL)) await addClients(clients, { generator, folder, closings });
    const verbs = new Map<string, WallOptions>();
    if (cells.some((cell) => cell !== CALL)) await addVerbs(verbs, { folder, cells, closings });
    const missing = [...clients].flatMap(([contender, why]): Missing[] =>
      typeof why === 'string' ? [{ contender, cell: CALL, why }] : [],
    );
    return {
      missing,
      close,
      commandOf(kind, cell) {
        if (kind === 'shell-node') return { command: [process.execPath, '-e', '0'], env: {}, expect: '' };
        const own = kind === 'shell-launchpool' ? verbs.get(cell) : undefined;
        return own ?? (clients.get(kind) as WallOptions);
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

type Setting = { folder: string; closings: (() => unknown)[] };

/** By kind, the command of each client of `call`, or why there is none. */
async function addClients(
  clients: Map<string, WallOptions | string>,
  { generator, folder, closings }: Setting & Pick<PrepareOptions, 'generator'>,
): Promise<void> {
  // The contenders of the run have the agent and `call`. Other verbs need the whole command line.
  const program = join(BUILT_FOLDER, 'dist', 'launchpool.cjs');
  const socketPath = join(folder, 'shell.sock');
  closings.push(await startAgent(generator, program, socketPath));
  const call = [process.execPath, program, 'call', socketPath, '--raw', TEXT];
  clients.set('shell-launchpool', { command: call, env: { XDG_CACHE_HOME: join(folder, 'cache') }, expect: REPLY });
  clients.set('shell-python', pythonClient(socketPath));
  clients.set('shell-nc', ncClient(socketPath));
  for (const [name, startDaemon] of Object.entries({ prettierd: startPrettierd, eslint_d: startEslintD })) {
    clients.set(`shell-${name}`, NO_PEERS);
    if (!hasPeers()) continue;
    try {
      const daemon = await startDaemon(join(folder, name));
      closings.push(daemon.close);
      clients.set(`shell-${name}`, daemon.command);
    } catch (error) {
      clients.set(`shell-${name}`, failureText(error));
    }
  }
}

/** By cell, the command of a verb about installed agents. */
async function addVerbs(
  verbs: Map<string, WallOptions>,
  { folder, cells, closings }: Setting & Pick<PrepareOptions, 'cells'>,
): Promise<void> {
  const program = await builtProgram();
  const place = { generatorPath: generatorProgram(folder), folder: join(folder, 'a') };
  const { labels, env, close } = await installAgents({ count: AGENTS, ...place });
  closings.push(close);
  const words = { [LIST]: ['list'], [STATUS]: ['status', labels[0] as string], [VERSION]: ['--version'] };
  for (const [cell, args] of Object.entries(words)) {
    if (!cells.includes(cell)) continue;
    const command = [process.execPath, program, ...args] as const;
    verbs.set(cell, { command, env, expect: await outputOf(command, env) });
  }
}

async function startAgent(generator: Generator, program: string, socketPath: string): Promise<() => Promise<string>> {
  const flags = ['--threads', '1', '--idle', '0', '--log-level', 'warn'];
  const command = [process.execPath, ...NODE_FLAGS, program, 'run', ROT13, ...flags];
  const { close } = await generator.keep({ socketPath, command, env: process.env });
  await generator.load({ socketPath, connections: 1, depth: 1, count: 1 });
  return close;
}
