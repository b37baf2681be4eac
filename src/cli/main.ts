/** Runs one command of the command line and sets the exit status of the process. */
import { guardProcess, setExitStatus } from './exit-status.ts';

/** @param args the arguments after the program's name. */
export async function main(args: readonly string[]): Promise<void> {
  const [verb, ...rest] = args;
  if (verb === 'complete') {
    const { start } = await import('./quick/complete.ts');
    start(rest);
  } else if (verb !== 'run' || rest.includes('--help') || rest.includes('-h')) {
    guardProcess();
    const status = await setExitStatus(runVerb(args));
    if (verb === 'serve') await exit(status);
  } else {
    await exit(await setExitStatus(runAgent(rest)));
  }
}

/** Threads of an agent may be left. */
async function exit(status: number): Promise<never> {
  const { exitAtOnce } = await import('../../libc/exit-now.ts');
  return exitAtOnce(status);
}

/** A client waits for the start of `run`, so the parser and the other verbs are not loaded for it. */
async function runAgent(args: readonly string[]): Promise<number> {
  const { run } = await import('./verbs/run.ts');
  return run(args);
}

async function runVerb(args: readonly string[]): Promise<number> {
  const { runCommand } = await import('./command.ts');
  return runCommand(args);
}
