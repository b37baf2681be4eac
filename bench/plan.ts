/** The measurements of a run, from its options. */
import { type Contender, isWanted, KINDS, TWINS } from './line-up.ts';
import type { BenchOptions } from './options.ts';
import { contendersIn, type Entry } from './outcome.ts';
import type { Question } from './question.ts';

/** @throws when a given name is unknown. */
export function planRun(
  questions: readonly Question[],
  contenders: readonly Contender[],
  { only, contenders: wanted, cells, quick, rounds }: BenchOptions,
): Entry[] {
  refuseUnknown(
    '--only',
    only,
    questions.map(({ name }) => name),
  );
  refuseUnknown(
    '--cells',
    cells,
    questions.flatMap((question) => question.cells.map(({ name }) => name)),
  );
  for (const each of wanted) {
    if (contenders.some((contender) => isWanted(contender, [each])) || KINDS.includes(each)) continue;
    throw new Error(`--contenders ${each}: there are ${contenders.map(({ name }) => name).join(', ')}`);
  }
  return questions
    .filter(({ name, partOf = name }) => only.length === 0 || only.includes(name) || only.includes(partOf))
    .map((question) => {
      const usual = quick ? question.quickKinds : question.kinds;
      return {
        question,
        cells: question.cells.filter((cell) => (cells.length > 0 ? cells.includes(cell.name) : !quick || cell.quick)),
        contenders: contenders.filter((contender) =>
          contender.kind in TWINS
            ? question.kinds.includes(TWINS[contender.kind] as string)
            : wanted.length > 0
              ? question.kinds.includes(contender.kind) && isWanted(contender, wanted)
              : usual.includes(contender.kind),
        ),
        rounds:
          (quick && question.quickRounds !== undefined ? Math.min(rounds, question.quickRounds) : rounds) *
          (question.times ?? 1),
      };
    })
    .filter((entry) => entry.cells.length > 0 && entry.contenders.length > 0);
}

export function stepsOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, entry) => {
    const perRound = entry.cells.reduce((count, cell) => count + contendersIn(entry, cell).length, 0);
    return sum + entry.rounds * perRound;
  }, 0);
}

function refuseUnknown(flag: string, names: readonly string[], known: readonly string[]): void {
  for (const name of names) {
    if (!known.includes(name)) throw new Error(`${flag} ${name}: there are ${[...new Set(known)].join(', ')}`);
  }
}
