/** The verb that prints the script of a shell: completion. */
import { Argument, type Command } from 'commander';
import { SHELLS } from '../../options/verbs.ts';
import { addVerb, type Done } from './shared.ts';

const INSTALLATION = `
Installation:
  bash, in ~/.bashrc:
    eval "$(launchpool completion bash)"
  zsh, in ~/.zshrc below compinit:
    eval "$(launchpool completion zsh)"
  fish, once:
    launchpool completion fish \\
      > ~/.config/fish/completions/launchpool.fish`;

export function addCompletionCommand(program: Command, done: Done): void {
  addVerb(program, 'completion')
    .description(
      'Prints a script. With it, the TAB key of the shell completes verbs, options, labels, methods and versions. ' +
        'The key starts no agent.',
    )
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .addHelpText('after', INSTALLATION)
    .action(async (shell) => {
      const { completionVerb } = await import('../verbs/completion.ts');
      done(await completionVerb(shell));
    });
}
