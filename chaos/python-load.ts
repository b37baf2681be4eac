/** The load of Python's own client, multiprocessing.connection. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { HeldAgent } from './agents.ts';
import type { Scope } from './scope.ts';

export type PythonReport = { version: string; sent: number; fates: Record<string, number>; faults: string[] };

export type PythonLoad = {
  /** Undefined when the client did not end in time and was killed. */
  report(withinMs: number): Promise<PythonReport | undefined>;
};

const WINDOW = 16;

export function startPython(scope: Scope, python: string, held: HeldAgent, seconds: number): PythonLoad {
  const program = join(import.meta.dirname, 'client.py');
  const child = spawn(python, [program, held.socketPath, String(seconds), String(WINDOW)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const printed = text(child.stdout);
  const kill = (): boolean => child.kill('SIGKILL');
  scope.defer(kill);
  return {
    async report(withinMs) {
      const timer = setTimeout(kill, withinMs);
      const json = await printed;
      clearTimeout(timer);
      return json === '' ? undefined : (JSON.parse(json) as PythonReport);
    },
  };
}
