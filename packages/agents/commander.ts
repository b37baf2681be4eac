import { Command, CommanderError } from 'commander';
export const answer = () => {
  try {
    new Command()
      .exitOverride()
      .configureOutput({ writeErr: () => {} })
      .parse(['--no'], { from: 'user' });
    return 'none';
  } catch (e) {
    return [(e as Error).constructor.name, e instanceof CommanderError];
  }
};
