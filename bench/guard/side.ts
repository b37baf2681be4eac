/** The sides of the comparison: another commit, this checkout, and this checkout once more. */

/** `again` is a copy of `this`: the difference of the two is the noise of the machine. */
export const SIDES = ['other', 'this', 'again'] as const;
export type Side = (typeof SIDES)[number];

/** A built checkout, ready to be started. */
export type Build = {
  program: string;
  /** Given to Node for an agent. */
  nodeFlags: readonly string[];
  env: NodeJS.ProcessEnv;
};

/** Modules by the names of their handlers. `rpc` has rot13 as a method, and checks of its arguments. */
export type Handlers = Readonly<Record<'rot13' | 'echo' | 'rpc', string>>;

/** The command of an agent, which gets its listening socket as descriptor 3. */
export function agentCommand({ program, nodeFlags }: Build, module: string, threads: number): string[] {
  const flags = ['--threads', String(threads), '--idle', '0', '--log-level', 'warn'];
  return [process.execPath, ...nodeFlags, program, 'run', module, ...flags];
}

export function callCommand({ program }: Build, socketPath: string, text: string): string[] {
  return [process.execPath, program, 'call', socketPath, '--raw', text];
}
