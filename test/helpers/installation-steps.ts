/** The steps in which an installation makes and removes folders, one by one, without a module and without a process. */
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Job } from '../../job/job.ts';
import type { Supervisor } from '../../job/supervisor.ts';
import { makeFolder, writeText } from '../../src/install/files.ts';
import { type LabelLock, takeFolder } from '../../src/install/made-folders.ts';
import type { Plan } from '../../src/install/plan.ts';
import { uninstall } from '../../src/install/uninstall.ts';
import { recordTextOf, writeFiles } from '../../src/install/write-files.ts';
import { hostOf } from '../../src/installed/host.ts';
import { layoutOf } from '../../src/installed/layout.ts';
import { madeFoldersIn, readRecord } from '../../src/installed/record.ts';

export type StepwiseInstallation = {
  plan: Plan;
  /** Locks the agent's folder, and makes it. */
  begin(): Promise<void>;
  /** Writes the record and the supervisor's files. */
  fill(): Promise<void>;
  finish(): Promise<void>;
  /** Undoes everything since begin(). */
  fail(): Promise<void>;
  /** Releases the lock, as the system does when a process is killed. */
  die(): void;
  uninstall(): Promise<string>;
};

export function createStepwiseInstallation(home: string, label: string): StepwiseInstallation {
  const overrides = { platform: 'linux', home, env: { XDG_RUNTIME_DIR: join(home, 'run', 'user') } } as const;
  const host = hostOf(overrides);
  const layout = layoutOf(label, host);
  const job = join(home, '.config', 'jobs', 'of-user', `${label}.job`);
  const supervisor: Supervisor = {
    name: 'embedded',
    check: async () => undefined,
    filesOf: () => [],
    pathsOf: () => [job],
    loading: () => [],
    load: async () => undefined,
    unload: async () => undefined,
    forget: async () => undefined,
    dismiss: async () => undefined,
    status: async () => ({ state: 'not-installed', listening: false }),
    logCommand: () => undefined,
  };
  const plan: Plan = {
    host,
    supervisor,
    layout,
    job: { label, logFile: layout.logFile } as Job,
    jobFiles: [{ path: job, text: `/${label}/current/launchpool.cjs`, mode: 0o644 }],
    files: [],
    hash: '0123',
    entry: 'agent.cjs',
    sourceFolders: [],
    sources: [],
    node: { path: '/node', version: '26.0.0', from: undefined },
    searchPath: '/usr/bin',
    keep: 3,
    launchpool: '0.0.0',
    notes: [],
  };
  const record = (isUnderWay: boolean, madeFolders: readonly string[]): string =>
    recordTextOf({
      plan,
      facts: { kind: 'rpc', methods: [] },
      options: { module: '/agent.ts', label, origins: {}, section: undefined },
      madeFolders,
      isUnderWay,
      installedAt: undefined,
    });
  let undoActions: (() => Promise<unknown>)[] = [];
  let lock: LabelLock = { isLocked: false };
  const undo = (action: () => Promise<unknown>): void => void undoActions.push(action);
  const die = (): void => {
    lock.unlock?.();
    delete lock.unlock;
  };

  return {
    plan,
    async begin() {
      undoActions = [];
      lock = { isLocked: false };
      await takeFolder(plan, lock, undo);
      await makeFolder(layout.versions, undo);
    },
    async fill() {
      await writeFiles(plan, { previous: readRecord(layout), record: (made) => record(true, made) }, undo);
    },
    async finish() {
      // A supervisor makes the folder of the sockets too, and finds it made.
      await mkdir(dirname(layout.sockets.agent), { recursive: true });
      await writeText(layout.record, record(false, madeFoldersIn(layout.record)), 0o600, undo);
      die();
    },
    async fail() {
      for (const action of undoActions.reverse()) await action();
      die();
    },
    die,
    uninstall: async () => (await uninstall({ label, supervisor, host: overrides })).outcome,
  };
}
