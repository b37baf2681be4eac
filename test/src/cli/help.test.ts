/** The help of each verb, at the widths of terminals. */
import test from 'ava';
import type { Command } from 'commander';
import { createProgram } from '../../../src/cli/command.ts';

/** The help as it is printed, with what stands behind the options. */
function helpOf(command: Command, columns: number): string {
  let text = '';
  command.configureOutput({
    getOutHelpWidth: () => columns,
    writeOut(part) {
      text += part;
    },
  });
  command.outputHelp();
  return text;
}

for (const columns of [60, 80, 200]) {
  test(`no line of a help is longer than ${columns} columns, and none is broken in a word`, async (t) => {
    const program = await createProgram(() => undefined);
    const wide = helpOf(program, 10_000).split(/\s+/);
    t.deepEqual(helpOf(program, columns).split(/\s+/), wide);
    t.true(program.commands.length > 15);
    for (const command of [program, ...program.commands]) {
      const long = helpOf(command, columns)
        .split('\n')
        .filter((line) => line.length > columns);
      t.deepEqual(long, [], command.name());
    }
  });
}
