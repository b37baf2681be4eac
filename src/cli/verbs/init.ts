/** `launchpool init`: writes the files of a new agent. */
import { shellWord } from '../../../wire/shell-word.ts';
import { findPackage } from '../../bundle/scope.ts';
import { packageFolder } from '../../version.ts';
import { report } from '../report.ts';
import { init } from '../scaffold.ts';

export type InitFlags = { raw?: boolean; json?: boolean };

export function initVerb(folder: string, { raw = false, json }: InitFlags): Promise<number> {
  return report({
    json,
    run: () => init({ folder, raw }),
    render: ({ files, folder: written }) =>
      `${files.map((file) => `wrote ${file}\n`).join('')}\nTry it:  ${stepsIn(folder, written).join(' && ')}\n`,
  });
}

/** The tests import the package, which a program that is installed for all projects is not. */
function stepsIn(given: string, folder: string): string[] {
  const isThere = findPackage('launchpool', folder) !== undefined;
  const install = isThere ? [] : [`npm install --save-dev ${shellWord(packageFolder())}`];
  return [`cd ${shellWord(given)}`, ...install, 'npm test', 'npx launchpool dev agent.ts'];
}
