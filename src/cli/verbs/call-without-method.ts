/** `launchpool call` without a method: an error that lists the methods. */
import { withoutCredentials } from '../../../wire/address.ts';
import { toPlain } from '../../../wire/errors.ts';
import { documentOf } from '../agent-document.ts';
import { usage } from '../call-arguments.ts';
import { methodList, terminalWidth } from '../description-text.ts';
import type { CommanderFlags } from '../given-flags.ts';
import { type JsonFlag, reportError } from '../report.ts';

/** @returns the exit status of wrong usage, also if the methods are not known. */
export async function callWithoutMethod(target: string, flags: CommanderFlags & JsonFlag): Promise<number> {
  return reportError(usage('the method is missing', undefined, await hintFor(target, flags)), flags.json);
}

async function hintFor(target: string, flags: CommanderFlags): Promise<string> {
  try {
    const { methods } = await documentOf(target, flags);
    const list = methodList(methods, terminalWidth() - INDENT.length).trimEnd();
    return `The methods of ${withoutCredentials(target)}:\n${list.replaceAll(/^(?=.)/gm, INDENT)}`;
  } catch (error) {
    const { message, hint } = toPlain(error);
    return `Its methods are not known: ${message}${hint === undefined ? '.' : `. ${hint}`}`;
  }
}

const INDENT = '    ';
