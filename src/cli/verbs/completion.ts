/** `launchpool completion`: prints the script with which a shell asks `launchpool complete`. */
import type { Shell } from '../../options/verbs.ts';
import { shellScript } from '../completion/shell-script.ts';
import { print } from '../print.ts';

export async function completionVerb(shell: Shell): Promise<number> {
  await print(shellScript(shell));
  return 0;
}
