/** What the module of a version offers: it is loaded as the agent will load it, without its sources. */
import { realpathSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { LaunchpoolError, toPlain } from '../../wire/errors.ts';
import type { MethodForms, ModuleFacts } from '../../workers/task.ts';
import { APP } from '../bundle/bundle-file.ts';
import { loadTimeoutMsOf } from '../installed/job-options.ts';
import type { MergedOptions } from '../installed/package-options.ts';
import { CHECK } from '../installed/runtime-files.ts';
import { writeModuleFile } from '../module/module-file.ts';
import { type CheckModule, checkModule } from './check-module.ts';
import { hideSources, type Wrapper } from './hidden-sources.ts';
import { type LeftBehindOptions, leftBehind } from './left-behind.ts';
import type { Plan } from './plan.ts';

/** The forms are undefined if the module was not loaded this time. */
export type FoundFacts = ModuleFacts & { forms?: MethodForms };

/** Loads the module as the agent will, and writes what it offers to the version's folder. */
export async function moduleFacts(
  plan: Plan,
  options: MergedOptions,
  notes: string[],
  detail: (text: string) => void,
): Promise<FoundFacts> {
  const { layout, hash, node, entry, job, host } = plan;
  const version = join(layout.versions, hash);
  let forms: MethodForms | undefined;
  const check: CheckModule = {
    node: node.path,
    program: join(version, CHECK),
    module: join(version, entry),
    env: { ...sessionVariables(), ...job.env },
    workingDirectory: job.workingDirectory,
    timeoutMs: loadTimeoutMsOf(options),
    // What a kept version left behind was noted when it was installed.
    ...(plan.returnsTo === undefined && {
      onUses: (uses) => notes.splice(0, notes.length, ...leftBehind(uses, leftBehindOptions(plan, version))),
    }),
    onForms(found) {
      forms = found;
    },
  };
  const needed = [version, node.path, job.workingDirectory, ...Object.values(job.env).filter(isAbsolute)];
  const wrapper = await hideSources(host, plan.sourceFolders, needed);
  const facts = await checkWithoutSources(check, wrapper).catch((error: LaunchpoolError) => {
    [error.hint] = [...notes, error.hint];
    throw error;
  });
  writeModuleFile(version, entry, facts);
  detail(facts.kind === 'raw' ? 'a raw agent' : `methods: ${facts.methods.join(', ')}`);
  return { ...facts, ...(forms && { forms }) };
}

function leftBehindOptions({ sourceFolders, job }: Plan, version: string): LeftBehindOptions {
  const [root = '/', project = root] = sourceFolders;
  return { installed: join(realpathSync(version), APP), root, project, workingFolder: job.workingDirectory };
}

/** A file that is missing at load time fails here, and not in a call after the sources have been moved. */
async function checkWithoutSources(check: CheckModule, wrapper: Wrapper | undefined): Promise<ModuleFacts> {
  if (wrapper === undefined) return checkModule(check);
  try {
    return await checkModule({ ...check, wrapper });
  } catch (cause) {
    const { message, code } = toPlain(cause);
    if (code === 'ERR_LAUNCHPOOL_LOAD_TIMEOUT') throw cause;
    // The module fails with its sources too, or they are what is missing.
    await checkModule(check);
    throw new LaunchpoolError(
      'ERR_LAUNCHPOOL_MODULE_NOT_LOADED',
      `the module cannot be loaded once its sources are moved away: ${message}`,
      {
        cause,
        hint: 'Take along what it reads: --include, or "launchpool": { "include": [...] } in its package.json.',
      },
    );
  }
}

/** The variables that a supervisor sets for every job. */
function sessionVariables(): NodeJS.ProcessEnv {
  const { HOME, USER, LOGNAME, SHELL, XDG_RUNTIME_DIR } = process.env;
  return { HOME, USER, LOGNAME, SHELL, XDG_RUNTIME_DIR };
}
