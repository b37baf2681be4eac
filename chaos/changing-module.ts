/** A module whose file changes under a running agent: most changes are refused, and none may reach a client. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BUSY } from './agents.ts';
import type { Random } from './random.ts';
import type { Scope } from './scope.ts';

export type ChangingModule = {
  readonly path: string;
  /** Writes a module that the agent must refuse. */
  damage(random: Random): void;
  repair(): void;
  /** Two that damage it at the same time would repair it for each other. */
  inTurn<Result>(act: () => Promise<Result>): Promise<Result>;
};

const VALID = `export * from ${JSON.stringify(BUSY)};\n`;
const REFUSED: readonly string[] = [
  'throw new Error("a damaged module");\n',
  'export const = ;\n',
  'export default (message) => message;\n',
  `${VALID}export function setup() { throw new Error('a failing setup'); }\n`,
];

export function createChangingModule(scope: Scope): ChangingModule {
  const path = join(scope.folder, 'changing.mts');
  const repair = (): void => writeFileSync(path, VALID);
  repair();
  let last: Promise<unknown> = Promise.resolve();
  return {
    path,
    damage: (random) => writeFileSync(path, random.pick(REFUSED)),
    repair,
    inTurn(act) {
      const done = last.then(act);
      last = done.catch(() => undefined);
      return done;
    },
  };
}
