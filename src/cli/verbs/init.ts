/** `launchpool init`: writes the files of a new agent. */

import { report } from '../report.ts';
import { init } from '../scaffold.ts';

export type InitFlags = { raw?: boolean; json?: boolean };

export function initVerb(folder: string, { raw = false, json }: InitFlags): Promise<number> {
  return report({
    json,
    run: () => init({ folder, raw }),
    render: ({ files }) =>
      `${files.map((file) => `wrote ${file}\n`).join('')}\nTry it:  cd ${folder} && npm test && npx launchpool dev agent.ts\n`,
  });
}
