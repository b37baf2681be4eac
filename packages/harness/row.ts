/** One agent: what it answers in each stage of its life, and what it costs. */
import { execFile } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { appendFile, cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { connectControl } from '../../src/control/client.ts';
import { close, connect, createEmbedded } from '../../src/index.ts';
import { install } from '../../src/install/install.ts';
import type { StepEvent } from '../../src/install/rollback.ts';
import { uninstall } from '../../src/install/uninstall.ts';
import { controlPathOf } from '../../wire/address.ts';
import { dev } from './dev.ts';
import { sizeOf, withoutSources } from './files.ts';
import { floorOf, packageBytesOf } from './floor.ts';

export type Row = {
  name: string;
  plain?: unknown;
  /** By the stage: what differs from plain Node, or `right`. */
  stages: Record<string, string>;
  refused?: string;
  installMs?: number;
  /** Of the installation, the time to bundle and to write the version. */
  bundleMs?: number;
  /** What esbuild and a copy of the same files take. */
  floorMs?: number;
  installedBytes?: number;
  /** The packages with all that their package.json files name, as npm installs them. */
  packageBytes?: number;
  coldMs?: number;
  plainMs?: number;
  memoryBytes?: number;
};

const AGENTS = join(import.meta.dirname, '..', 'agents');
const STAGE = join(import.meta.dirname, '..', '.stage');
const TIMEOUT_MS = 120_000;

export async function runRow(name: string): Promise<Row> {
  const row: Row = { name, stages: {} };
  rmSync(STAGE, { recursive: true, force: true });
  await cp(AGENTS, STAGE, { recursive: true });
  const module = join(
    STAGE,
    readdirSync(STAGE).find((file) => /\.[cm]?[jt]s$/.test(file) && file.replace(/\.\w+$/, '') === name) ?? '',
  );
  const plain = await plainAnswer(module);
  if ('error' in plain) return { ...row, stages: { plain: plain.error } };
  row.plain = plain.answer;
  row.plainMs = plain.ms;
  const judge = (stage: string, answer: unknown): void => {
    const right = isDeepStrictEqual(answer, plain.answer);
    row.stages[stage] = right ? 'right' : `wrong: ${JSON.stringify(answer)?.slice(0, 300)}`;
  };
  const attempt = async (stage: string, run: () => Promise<unknown>): Promise<void> => {
    try {
      judge(stage, await run());
    } catch (error) {
      row.stages[stage] = `failed: ${(error as Error).message.slice(0, 500)}`;
    }
  };
  await attempt('dev', () => dev(module, callAt));
  await installed(row, module, attempt);
  return row;
}

async function installed(
  row: Row,
  module: string,
  attempt: (stage: string, run: () => Promise<unknown>) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'lpp-'));
  const [home, runtime] = [join(folder, 'h'), join(folder, 'r')];
  await Promise.all([mkdir(home), mkdir(runtime, { mode: 0o700 })]);
  const host = { platform: 'linux' as const, home, env: { XDG_RUNTIME_DIR: runtime } };
  const supervisor = createEmbedded();
  const options = {
    module,
    label: 'com.example.packages',
    host,
    supervisor,
    agent: { threads: '2', 'min-threads': '2' },
  };
  try {
    const started = performance.now();
    const steps = new Map<string, number>();
    const onStep = ({ step, status }: StepEvent): void => {
      const at = performance.now();
      steps.set(step, status === 'started' ? at : at - (steps.get(step) ?? at));
    };
    const done = await install({ ...options, onStep }).catch((error: Error) => {
      row.refused = error.message;
    });
    if (done === undefined) return;
    row.installMs = performance.now() - started;
    row.bundleMs = (steps.get('bundle') ?? 0) + (steps.get('program') ?? 0);
    row.installedBytes = sizeOf(join(done.folder, 'versions'));
    row.floorMs = await floorOf(module, join(done.folder, 'versions'));
    row.packageBytes = await packageBytesOf(module);
    const cold = async (): Promise<unknown> => {
      await stop(await supervisor.dismiss(options.label));
      const before = performance.now();
      const answer = await callAt(done.socket);
      row.coldMs = performance.now() - before;
      return answer;
    };
    await attempt('installed', () => withoutSources(() => callAt(done.socket)));
    await attempt('cold', () => withoutSources(cold));
    await attempt('two threads', () =>
      withoutSources(async () => {
        const answers = await Promise.all(Array.from({ length: 8 }, () => callAt(done.socket)));
        return answers.find((answer) => !isDeepStrictEqual(answer, row.plain)) ?? answers[0];
      }),
    );
    row.memoryBytes = await memoryAt(done.socket);
    await appendFile(module, '\n// Changed.\n');
    await attempt('upgraded', async () => {
      await install(options);
      return withoutSources(() => callAt(done.socket));
    });
    await attempt('uninstalled', async () => {
      await uninstall({ label: options.label, host, supervisor });
      const left = readdirSync(home, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory());
      if (left.length > 0) throw new Error(`left: ${left.map(({ name }) => name).join(', ')}`);
      return row.plain;
    });
  } finally {
    await supervisor.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** An answer of undefined is null in JSON. */
async function callAt(socket: string): Promise<unknown> {
  const agent = await connect<{ answer(): unknown }>(socket);
  try {
    return (await agent.answer()) ?? null;
  } finally {
    await close(agent);
  }
}

/** Until the process has exited: the next call starts another. */
async function stop(pid: number | undefined): Promise<void> {
  for (let isRunning = pid !== undefined; isRunning; ) {
    await wait(20);
    try {
      process.kill(pid as number, 0);
    } catch {
      isRunning = false;
    }
  }
}

async function memoryAt(socket: string): Promise<number> {
  const control = await connectControl(controlPathOf(socket), 5_000);
  try {
    return (await control.status(5_000)).memoryBytes;
  } finally {
    control.close();
  }
}

async function plainAnswer(module: string): Promise<{ answer: unknown; ms: number } | { error: string }> {
  const script = join(import.meta.dirname, 'plain.mjs');
  const command = ['--disable-warning=ExperimentalWarning', script, module];
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      command,
      { cwd: '/', timeout: TIMEOUT_MS, maxBuffer: 2 ** 26 },
      (error, stdout, stderr) => {
        const found = /@answer (.*)/.exec(stdout)?.[1];
        resolve(found === undefined ? { error: String(stderr || error).slice(0, 500) } : JSON.parse(found));
      },
    );
  });
}
