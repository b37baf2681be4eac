/** The scripts with which shells ask `launchpool complete`, in the protocol of @bomb.sh/tab. */
import { script } from '@bomb.sh/tab';
import type { Shell } from '../../options/verbs.ts';
import { BASH_SCRIPT } from './bash-script.ts';

/** The package splits words with blanks in quotes, which are then too many for what follows them. */
const SPLIT_WORDS = `"\${=words[1,CURRENT]}"`;
const WHOLE_WORDS = `"\${(@)words[1,CURRENT]}"`;

export function shellScript(shell: Shell): string {
  return shell === 'bash' ? BASH_SCRIPT : scriptOfPackage(shell).replace(SPLIT_WORDS, () => WHOLE_WORDS);
}

/** The package prints its script. */
function scriptOfPackage(shell: Shell): string {
  const { log } = console;
  let text = '';
  console.log = (printed: string) => {
    text += `${printed}\n`;
  };
  try {
    script(shell, 'launchpool', 'launchpool');
  } finally {
    console.log = log;
  }
  return text;
}
