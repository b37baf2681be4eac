/** Installs a module as an agent of launchd or systemd. Either all steps succeed, or all are undone. */

import { join } from 'node:path';
import type { ModuleFacts } from '../../workers/task.ts';
import type { InstallOptions } from '../installed/install-options.ts';
import { atOrigin, type Origins, withPackageOptions } from '../installed/package-options.ts';
import type { InstallRecord } from '../installed/record.ts';
import { withAbsolutePaths } from './absolute-paths.ts';
import { type Applied, apply, type Describe } from './apply.ts';
import { beginDescribing, type Describing, describeVersion } from './describe-version.ts';
import { INSTALL_STEPS } from './install-steps.ts';
import { keyFileNotes, keyOf } from './key-file.ts';
import type { LabelLock } from './made-folders.ts';
import { methodNotes } from './method-notes.ts';
import { type Plan, planInstall } from './plan.ts';
import { createSteps, type StepEvent } from './rollback.ts';

export type InstallRun = InstallOptions & {
  onStep?: (event: StepEvent) => void;
  /** Whether the caller has the lock of the agent's folder: lock.ts. @default false */
  isLocked?: boolean;
};

export type Installed = ModuleFacts & {
  label: string;
  outcome: Applied['outcome'];
  supervisor: InstallRecord['supervisor'];
  /** Path of the socket that clients connect to. */
  socket: string;
  folder: string;
  /** The id of the version: the name of its folder. */
  id: string;
  /** Whether the agent is stopped on purpose. It stays so, and has not been started. */
  isStopped: boolean;
  /** Path of the Node that runs the agent. */
  node: string;
  /** Path of the key that clients need. Undefined for an agent without one. */
  authkeyFile?: string;
  /** Notes for the user, as sentences. */
  notes: readonly string[];
};

/**
 * Installs an agent, or upgrades the installed agent of that label. The running process finishes its open requests; new
 * connections wait for the new version. Only what differs is changed. A failed step restores the state before, with one
 * exception: a label that was disabled stays enabled. A second installation of a label waits for the first.
 * Options that are not given are those of the module's package.json, if it has them.
 * @throws the code of the failed step's error, or ERR_LAUNCHPOOL_INSTALL_FAILED; `data.step` names the step.
 */
export async function install({ isLocked = false, onStep, ...options }: InstallRun): Promise<Installed> {
  const steps = createSteps(INSTALL_STEPS, onStep);
  const lock: LabelLock = { isLocked };
  let describing: Describing | undefined;
  let origins: Origins = {};
  try {
    const merged = withPackageOptions(withAbsolutePaths(options));
    origins = merged.origins;
    const description = beginDescribing(merged.module);
    describing = description;
    const plan = await planInstall(merged, steps);
    const folder = join(plan.layout.versions, plan.hash);
    // The compiler has read the types while the other steps ran.
    const describe: Describe = (facts, forms) =>
      steps.run('describe', (step) => describeVersion(folder, facts, forms, description, step));
    const applied = await apply(plan, merged, steps, { lock, describe });
    return { ...installedOf(plan, applied), ...keyOf(merged) };
  } catch (error) {
    throw await steps.fail(atOrigin(error, origins));
  } finally {
    describing?.end();
    lock.unlock?.();
  }
}

export function installedOf(plan: Plan, { outcome, facts, notes, isStopped, keyFile }: Applied): Installed {
  return {
    label: plan.job.label,
    outcome,
    supervisor: plan.supervisor.name,
    kind: facts.kind,
    methods: facts.methods,
    socket: plan.layout.sockets.agent,
    folder: plan.layout.folder,
    id: plan.hash,
    isStopped,
    node: plan.node.path,
    notes: [...plan.notes, ...notes, ...keyFileNotes(keyFile), ...methodNotes(facts.methods)],
  };
}
