/**
 * The entry of the bundle of `launchpool complete -- WORDS`, with which a shell asks what the last word may become. The
 * answer is in the protocol of @bomb.sh/tab: a line for each candidate, then the directive. No problem has a message: it
 * would stand in the command line that the user is typing.
 */
import { type Answer, candidatesOf } from '../completion/candidates.ts';
import { INSTALLED } from '../completion/installed-agents.ts';
import { plainWord } from '../completion/plain-word.ts';
import { print } from '../print.ts';

/** The directives of the protocol that are used. */
const DIRECTIVES = { error: 1, noFiles: 4, files: 0 } as const;

/** Shells insert a candidate as it is. What a shell would read as more than a word, such as `$`, is not offered. */
const PLAIN = /^[\p{L}\p{N}_.,:@%+/=-]+$/u;

/** @returns true: there is no usage that the whole command line would have to explain. */
export function start(args: readonly string[]): true {
  const typed = args[0] === '--' ? args.slice(1) : args;
  print(answerTo(typed)).catch(() => undefined);
  return true;
}

function answerTo(typed: readonly string[]): string {
  try {
    return textOf(candidatesOf(typed.map(plainWord), INSTALLED));
  } catch {
    return `:${DIRECTIVES.error}\n`;
  }
}

function textOf({ candidates, files }: Answer): string {
  const lines = candidates
    .filter(({ value }) => PLAIN.test(value))
    .map(({ value, description }) => (description === undefined ? value : `${value}\t${oneLine(description)}`));
  return [...lines, `:${files ? DIRECTIVES.files : DIRECTIVES.noFiles}`, ''].join('\n');
}

/** The path of a module can have any character. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ');
}
