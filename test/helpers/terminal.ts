/** A program on a terminal of its own, as a user types at it. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { findPython } from './pythons.ts';

const RELAY = fileURLToPath(new URL('terminal.py', import.meta.url));

export type Terminal = {
  type(text: string): void;
  /** Resolves with what the program has shown after the match before, once it matches; rejects at the end of the program. */
  shows(pattern: RegExp): Promise<string>;
};

/** The program gets a hangup at the end of the test, if it has not ended. */
export function openTerminal(
  t: ExecutionContext,
  command: readonly string[],
  { cwd, env }: { cwd: string; env: NodeJS.ProcessEnv },
): Terminal {
  const python = findPython();
  if (python === undefined) throw new Error('there is no Python');
  const child = spawn(python.path, [RELAY, ...command], { cwd, env, stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let shown = '';
  let check = (): void => undefined;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
    check();
  });
  child.stdin.on('error', () => undefined);
  t.teardown(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  return {
    type: (text) => void child.stdin.write(text),
    shows: (pattern) =>
      new Promise((resolve, reject) => {
        ended.then(() => reject(new Error(`the program has ended after: ${JSON.stringify(shown)}`)));
        check = () => {
          const match = pattern.exec(shown);
          if (match === null) return;
          const [text, end] = [shown, match.index + match[0].length];
          shown = text.slice(end);
          check = () => undefined;
          resolve(text.slice(0, end));
        };
        check();
      }),
  };
}
