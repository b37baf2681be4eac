/** The variables of a supervisor, which the agent's threads and child processes must not see. */
import type { Environment } from '../../systemd/check-in.ts';
import { SYSTEMD_VARIABLES } from '../../systemd/variables.ts';
import { LIFELINE_VARIABLE } from './lifeline-variable.ts';

export type { Environment };

/** launchd sets the label of a job. The variable stays, since children of a job are expected to have it. */
const LABEL_VARIABLE = 'XPC_SERVICE_NAME';

/** Removes the variables from `env` and returns them. Call it before a thread starts, which copies the environment. */
export function takeEnvironment(env: Environment = process.env): Environment {
  const taken: Environment = { [LABEL_VARIABLE]: env[LABEL_VARIABLE] };
  for (const name of [...SYSTEMD_VARIABLES, LIFELINE_VARIABLE]) {
    taken[name] = env[name];
    delete env[name];
  }
  return taken;
}
