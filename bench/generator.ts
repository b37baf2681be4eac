/** The load generator: compiled once per run, started once per measurement. */
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { runToEnd, type StartOptions, start } from './processes.ts';

export type Mode = 'raw' | 'rpc';

export type LoadOptions = {
  socketPath: string;
  connections: number;
  /** Open requests on each connection. */
  depth: number;
  mode?: Mode;
  expect?: 'rot13' | 'echo';
  /** Bytes of a request's text. */
  size?: number;
  seconds?: number;
  warmUpSeconds?: number;
  /** The total number of requests, instead of a time. */
  count?: number;
  /** The beginning of each text. */
  prefix?: string;
  /** Further connections, one open request on each, timed separately, with texts that begin with `slowPrefix`. */
  slow?: number;
  slowPrefix?: string;
  /** A process whose processor time is measured too. */
  pid?: number;
  /** Without any reply for this time, the open requests count as missing. */
  timeoutSeconds?: number;
};

/** Every reply has been checked: a contender that answers wrongly has no figures. */
export type LoadFigures = {
  count: number;
  reqPerSec: number;
  /** Megabytes of text a second, one way. */
  mbPerSec: number;
  p50us: number;
  p99us: number;
  maxUs: number;
  /** For each counted request, in microseconds. Undefined where the system does not tell it of another process. */
  processorUs?: number;
  slowCount?: number;
  slowMaxUs?: number;
};

export type HoldFigures = {
  connections: number;
  wanted: number;
  connectMs: number;
  acceptMs: number;
  asked: number;
  p50us: number;
  p99us: number;
  maxUs: number;
};

/** A server to be started, with the listening socket as descriptor 3. */
export type ColdOptions = {
  socketPath: string;
  /** How many connections are made at once. */
  burst: number;
  command: readonly string[];
  env: NodeJS.ProcessEnv;
  /** The text of each request, and the reply that it must get. */
  text: string;
  reply: string;
  /**
   * How long the server may go on after all replies, in milliseconds.
   * @default 0
   */
  stay?: number;
};

/** From the first connection to the earliest of the first replies, and to the latest of them. */
export type ColdFigures = { firstMs: number; lastMs: number };

/** A server that is started with the listening socket as descriptor 3, and stays. */
export type KeepOptions = Pick<ColdOptions, 'socketPath' | 'command' | 'env'>;

/** A program that runs to its end, and its whole expected output, or the number of lines of it. */
export type WallOptions = {
  command: readonly string[];
  env: NodeJS.ProcessEnv;
  cwd?: string;
} & ({ expect: string; lines?: never } | { expect?: never; lines: number });

/**
 * From the start of a program to its end, and to its last output, and the processor time of the program and of its own
 * programs, in milliseconds.
 */
export type WallFigures = { ms: number; outputMs: number; processorMs: number };

export type Generator = {
  cold(options: ColdOptions): Promise<ColdFigures>;
  load(options: LoadOptions): Promise<LoadFigures>;
  /** Starts a server, which ends with `close`, or with the bench. `close` resolves with the log of the server. */
  keep(options: KeepOptions): Promise<{ pid: number; close(): Promise<string> }>;
  wall(options: WallOptions): Promise<WallFigures>;
  /** Opens connections that stay idle until `release`. */
  hold(options: { socketPath: string; connections: number; every: number }): Promise<{
    figures: HoldFigures;
    release(): Promise<void>;
  }>;
};

/** The path of the compiled program. */
export function generatorProgram(folder: string): string {
  return join(folder, 'load');
}

/** @throws without a C compiler; the error says how to install one. */
export async function compileGenerator(folder: string, compiler: string = process.env.CC ?? 'cc'): Promise<Generator> {
  const program = generatorProgram(folder);
  const sources = globSync(join(import.meta.dirname, 'load', '*.c'));
  const built = await runToEnd([compiler, '-O2', '-std=gnu11', '-o', program, ...sources]).catch((cause: unknown) => {
    throw new Error(
      `There is no C compiler: ${compiler}. The load generator of the bench is written in C.\n` +
        'Debian, Ubuntu: apt-get install gcc libc6-dev. macOS: xcode-select --install. Another compiler: CC=clang.',
      { cause },
    );
  });
  if (built.status !== 0) throw new Error(`${compiler} cannot compile the load generator:\n${built.stderr}`);
  return {
    cold: async ({ socketPath, command, env, ...rest }) =>
      JSON.parse(await output([program, 'cold', ...flags({ socket: socketPath, ...rest }), '--', ...command], env)),
    load: async (options) => JSON.parse(await output([program, 'load', ...flagsOf(options)])) as LoadFigures,
    async keep({ socketPath, command, env }) {
      const kept = start([program, 'keep', ...flags({ socket: socketPath }), '--', ...command], env);
      const pid = Number((await kept.firstLine).replace('started ', ''));
      const close = async (): Promise<string> => {
        await kept.close();
        return (await kept.ended).stderr.trim();
      };
      return { pid, close };
    },
    wall: async ({ command, env, cwd, expect, lines }) =>
      JSON.parse(await output([program, 'wall', ...flags({ expect, lines }), '--', ...command], env, { cwd })),
    async hold({ socketPath, connections, every }) {
      const held = start([program, 'hold', ...flags({ socket: socketPath, connections, every })]);
      const line = await held.firstLine;
      return { figures: JSON.parse(line) as HoldFigures, release: () => held.close() };
    },
  };
}

async function output(
  command: readonly [string, ...string[]],
  env?: NodeJS.ProcessEnv,
  options?: StartOptions,
): Promise<string> {
  const { status, stdout, stderr } = await runToEnd(command, env, options);
  if (status !== 0) throw new Error(stderr.trim() || `the load generator ended with status ${status}`);
  return stdout;
}

function flagsOf({ socketPath, warmUpSeconds, slowPrefix, timeoutSeconds, ...rest }: LoadOptions): string[] {
  return flags({
    ...rest,
    socket: socketPath,
    'warm-up': warmUpSeconds,
    'slow-prefix': slowPrefix,
    timeout: timeoutSeconds,
  });
}

function flags(values: Readonly<Record<string, string | number | undefined>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, String(value)]));
}
