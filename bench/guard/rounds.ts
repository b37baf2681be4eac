/** The rounds: in each of them new agents of all sides, measured close together and in a random order. */
import { setTimeout as wait } from 'node:timers/promises';
import { nextSocketPath } from '../contender.ts';
import { shuffled } from '../measure.ts';
import type { GuardCell, Subject } from './cells.ts';
import { agentCommand, type Build, type Handlers, SIDES, type Side } from './side.ts';

/** One measurement. Those of one round and repeat follow directly after one another. */
export type Sample = { cell: string; round: number; repeat: number; side: Side; value: number };
export type GuardFailure = { cell: string; round: number; side: Side; message: string };

export type Setting = Pick<Subject, 'generator' | 'handlers' | 'threads' | 'seconds'> & {
  builds: Readonly<Record<Side, Build>>;
  /** For sockets. */
  folder: string;
  onStep(step: { round: number; cell: string; side: Side }): void;
  onFailure(failure: GuardFailure): void;
  /** Called with the log of an agent, if it is not empty. */
  onLog(round: number, side: Side, text: string): void;
};

export async function measureRound(cells: readonly GuardCell[], round: number, setting: Setting): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (const handler of ['rot13', 'rpc', 'echo', undefined] as const) {
    const group = cells.filter((cell) => cell.handler === handler);
    if (group.length > 0) samples.push(...(await measureGroup(group, handler, round, setting)));
  }
  return samples;
}

/** The cells of one handler share their agents. */
async function measureGroup(
  cells: readonly GuardCell[],
  handler: keyof Handlers | undefined,
  round: number,
  setting: Setting,
): Promise<Sample[]> {
  const agents = await Promise.all(shuffled(SIDES).map((side) => startSide(side, handler, setting)));
  try {
    const samples: Sample[] = [];
    for (const cell of cells) samples.push(...(await measureCell(cell, agents, round, setting)));
    return samples;
  } finally {
    await Promise.all(
      agents.map(async ({ side, close }) => {
        const text = await close();
        if (text !== '') setting.onLog(round, side, text);
      }),
    );
  }
}

type Agent = { side: Side; subject: Subject; close(): Promise<string> };

async function startSide(side: Side, handler: keyof Handlers | undefined, setting: Setting): Promise<Agent> {
  const { builds, handlers, generator, threads, seconds, folder } = setting;
  const build = builds[side];
  const socketPath = nextSocketPath(folder);
  const subject = { build, handlers, generator, socketPath, threads, seconds };
  if (handler === undefined) return { side, subject: { ...subject, pid: 0 }, close: async () => '' };
  const command = agentCommand(build, handlers[handler], threads);
  const { pid, close } = await generator.keep({ socketPath, command, env: build.env });
  return { side, subject: { ...subject, pid }, close };
}

/** A side that fails is left out for the rest of the round; its cell then has no ratio. */
async function measureCell(
  cell: GuardCell,
  agents: readonly Agent[],
  round: number,
  { onStep, onFailure }: Setting,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  const failed = new Set<Side>();
  const attempt = async (side: Side, measure: () => Promise<void>): Promise<void> => {
    if (failed.has(side)) return;
    await measure().catch((error: unknown) => {
      failed.add(side);
      onFailure({ cell: cell.name, round, side, message: (error as Error).message });
    });
  };

  for (const { side, subject } of shuffled(agents)) {
    await attempt(side, async () => void (await cell.warmUp?.(subject)));
  }
  if (cell.settleMs !== undefined) await wait(cell.settleMs);
  for (let repeat = 1; repeat <= cell.repeats; repeat += 1) {
    for (const { side, subject } of shuffled(agents)) {
      onStep({ round, cell: cell.name, side });
      await attempt(side, async () => {
        samples.push({ cell: cell.name, round, repeat, side, value: await cell.measure(subject) });
      });
    }
  }
  return samples.filter(({ side }) => !failed.has(side));
}
