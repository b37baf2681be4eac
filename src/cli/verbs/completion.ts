/** `launchpool completion`: prints the script with which a shell asks `launchpool complete`. */
import { script } from '@bomb.sh/tab';
import type { Shell } from '../../options/verbs.ts';
import { BASH_SCRIPT } from '../completion/bash-script.ts';
import { print } from '../print.ts';

export async function completionVerb(shell: Shell): Promise<number> {
  // The package prints its script.
  if (shell !== 'bash') script(shell, 'launchpool', 'launchpool');
  else await print(BASH_SCRIPT);
  return 0;
}
