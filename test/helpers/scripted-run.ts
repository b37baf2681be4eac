/** Answers commands from a script, in place of the programs themselves. */
import type { CommandResult, RunCommand } from '../../job/run-command.ts';

export type Answer = Partial<CommandResult>;

export type ScriptedRun = {
  run: RunCommand;
  /** Every command that was run, without the program. */
  commands: string[];
};

/** @param answer to a command, without its program, or a status alone. */
export function scriptedRun(answer: (command: string) => Answer | number | undefined): ScriptedRun {
  const commands: string[] = [];
  return {
    commands,
    run: async ([, ...args]) => {
      const command = args.join(' ');
      commands.push(command);
      const given = answer(command) ?? 0;
      return { status: 0, stdout: '', stderr: '', ...(typeof given === 'number' ? { status: given } : given) };
    },
  };
}

/** Each call gives the next value, and the last one for ever. */
export function inTurn<Value>(...values: readonly [Value, ...Value[]]): () => Value {
  let next = 0;
  return () => {
    const value = values[Math.min(next, values.length - 1)] as Value;
    next += 1;
    return value;
  };
}
