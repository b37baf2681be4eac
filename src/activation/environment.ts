/** What a supervisor says through the environment, which is not for the agent's threads and children to see. */
import type { Environment } from '../../systemd/check-in.ts';
import { SYSTEMD_VARIABLES } from '../../systemd/variables.ts';
import { LIFELINE_VARIABLE } from './lifeline-variable.ts';

export type { Environment };

/** launchd tells a job its label. It stays where it is: children of a job are expected to have it. */
const LABEL_VARIABLE = 'XPC_SERVICE_NAME';

/** Takes the variables out of `env`. Must be done before any thread starts: each has a copy of the environment. */
export function takeEnvironment(env: Environment = process.env): Environment {
  const taken: Environment = { [LABEL_VARIABLE]: env[LABEL_VARIABLE] };
  for (const name of [...SYSTEMD_VARIABLES, LIFELINE_VARIABLE]) {
    taken[name] = env[name];
    delete env[name];
  }
  return taken;
}
