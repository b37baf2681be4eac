/** The agent that a report installs, calls and uninstalls: its states and times, and what it leaves. */
import { lstatSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isBound } from '../../../libc/is-bound.ts';
import { toPlain } from '../../../wire/errors.ts';
import { homeFolder } from '../../../wire/home-folder.ts';
import { close, connect } from '../../client/index.ts';
import { status } from '../../control/status.ts';
import { waitForStatus } from '../../control/wait-for-status.ts';
import type { InstallOptions } from '../../installed/install-options.ts';
import type { Place } from '../../installed/place.ts';
import { doctor } from '../doctor/doctor.ts';
import { install } from '../install.ts';
import { restart } from '../restart.ts';
import type { StepEvent } from '../rollback.ts';
import { uninstall } from '../uninstall.ts';

/** How long an idle agent may take to exit, in milliseconds. */
const EXIT_MS = 30_000;
/** In seconds. The uptime is the shortest that no supervisor takes for a crash. */
const SHORT = { idle: 0.5, 'min-uptime': 1.2 };

const MODULE = `
  export const pid = () => process.pid;
  export const path = () => (process.env.PATH ?? '').split(':').length;
`;

export type Stage = { stage: string; ms: number; error?: { code?: string | number | undefined; message: string } };

export type TestAgentReport = {
  /** In order. A stage that fails has its error, and the following ones run as far as they can. */
  stages: Stage[];
  /** The steps of the installation, in milliseconds. */
  installSteps: Record<string, number>;
  /** The states that the supervisor reported, in order. */
  states: { after: string; state: string; listening: boolean; detail?: string; misplacement?: string }[];
  sockets: { name: string; exists: boolean; mode?: string; isBound?: boolean; pathBytes: number }[];
  /** What doctor finds about the test agent and the machine. */
  findings: { id: string; severity: 'problem' | 'notice' }[];
  /** What is there after the uninstallation: none of it should be. */
  left: string[];
};

type Agent = { pid(): number; path(): number };

/** Ends with the agent uninstalled, also after a failure. @param ending ends the stages before their time. */
export async function runTestAgent(
  place: Place,
  label: string,
  { onStage, ending }: { onStage: (stage: string) => void; ending: AbortSignal },
): Promise<TestAgentReport> {
  const { layout, supervisor, host } = place;
  // Not in a temporary folder, which some systems keep from background processes.
  const folder = await mkdtemp(join(homeFolder(), '.launchpool-report-'));
  const module = join(folder, 'agent.mjs');
  await writeFile(module, MODULE);
  const report: TestAgentReport = { stages: [], installSteps: {}, states: [], sockets: [], findings: [], left: [] };
  const options: InstallOptions = { module, label, host, supervisor, agent: SHORT };
  const started = new Map<string, number>();
  const onStep = ({ step, status: now }: StepEvent): void => {
    if (now === 'started') started.set(step, performance.now());
    else report.installSteps[step] = Math.round(performance.now() - (started.get(step) ?? performance.now()));
  };
  const run = async (stage: string, body: () => Promise<unknown>, isCleanup = false): Promise<boolean> => {
    if (ending.aborted && !isCleanup) return false;
    onStage(stage);
    const before = performance.now();
    const ms = (): number => Math.round(performance.now() - before);
    try {
      await body();
      report.stages.push({ stage, ms: ms() });
      return true;
    } catch (error) {
      const { code, message } = toPlain(error);
      report.stages.push({ stage, ms: ms(), error: { ...(code === undefined ? {} : { code }), message } });
      return false;
    }
  };
  const note = async (after: string): Promise<void> => {
    const { state, listening, detail } = await status({ label, host, supervisor });
    const misplacement = (await supervisor.misplacement?.(label).catch(() => undefined))?.id;
    report.states.push({
      after,
      state,
      listening,
      ...(detail === undefined ? {} : { detail }),
      ...(misplacement === undefined ? {} : { misplacement }),
    });
  };
  const call = async (): Promise<void> => {
    const agent = await connect<Agent>(layout.sockets.agent);
    try {
      await agent.pid();
    } finally {
      await close(agent);
    }
  };
  try {
    if (await run('install', () => install({ ...options, onStep }))) {
      await note('install');
      report.sockets = Object.entries(layout.sockets).map(([name, path]) => socketAt(name, path));
      await run('first call', call);
      await run('second call', call);
      await note('call');
      await run('idle exit', async () => {
        const isDone = ({ state }: { state: string }): boolean => state === 'idle' || ending.aborted;
        const isIdle = await waitForStatus(supervisor, label, isDone, EXIT_MS);
        if (!isIdle) throw new Error(`the agent has not exited within ${EXIT_MS / 1000} seconds`);
      });
      await note('idle exit');
      await run('call after the exit', call);
      await run('restart', () => restart({ label, host, supervisor }));
      await run('doctor', async () => {
        const found = await doctor({ label, host, supervisor });
        report.findings = found.map(({ id, severity }) => ({ id, severity }));
      });
    }
  } finally {
    await run('uninstall', () => uninstall({ label, host, supervisor }), true);
    await run(
      'look for what is left',
      async () => {
        const { state } = await supervisor.status(label);
        const paths = [
          ...Object.entries({ folder: layout.folder, ...layout.sockets }),
          ...supervisor.pathsOf(label).map((path) => [basename(path).replace(label, 'LABEL'), path] as const),
        ];
        report.left = paths.filter(([, path]) => exists(path)).map(([name]) => name);
        if (state !== 'not-installed') report.left.push(`job: ${state}`);
      },
      true,
    );
    await rm(folder, { recursive: true, force: true });
  }
  return report;
}

function socketAt(name: string, path: string): TestAgentReport['sockets'][number] {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  const pathBytes = Buffer.byteLength(path);
  if (!stats?.isSocket()) return { name, exists: false, pathBytes };
  const bound = isBound(path);
  return {
    name,
    exists: true,
    mode: (stats.mode & 0o777).toString(8).padStart(4, '0'),
    ...(bound === undefined ? {} : { isBound: bound }),
    pathBytes,
  };
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
