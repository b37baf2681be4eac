/** The commands, out of those that were run, that change the system. */

export function launchdChanges(commands: readonly string[][]): string[] {
  return commands.filter(([, verb]) => !verb?.startsWith('print')).map((command) => command.join(' '));
}

export function systemdChanges(commands: readonly string[][]): string[] {
  return commands.filter(([, , verb]) => verb !== 'show').map((command) => command.join(' '));
}
