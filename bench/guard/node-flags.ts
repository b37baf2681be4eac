/**
 * The flags that a built launchpool gives to Node for its agents. They belong to what is compared, and where they stand in
 * the sources differs between commits. So they are read from what an installation would write: its systemd unit.
 */
import { runToEnd } from '../processes.ts';

/** @throws when the program does not say it. */
export async function nodeFlagsOf(program: string, module: string, home: string): Promise<string[]> {
  const options = ['--label', 'bench.guard', '--supervisor', 'systemd', '--dry-run', '--json'];
  const command = [process.execPath, program, 'install', module, ...options] as const;
  const { status, stdout, stderr } = await runToEnd(command, { HOME: home });
  if (status !== 0) throw new Error((stderr.trim() || stdout.trim()).slice(0, 300));
  const { result } = JSON.parse(stdout) as { result: { texts: { text: string }[] } };
  return flagsIn(result.texts.map(({ text }) => text).join('\n'));
}

/** `ExecStart="node" "--a" "--b" "launchpool.cjs" "run" …` → `--a`, `--b` */
export function flagsIn(units: string): string[] {
  const line = /^ExecStart=(.*)$/m.exec(units)?.[1] ?? '';
  const words = [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word]) => word as string);
  const run = words.indexOf('run');
  if (run < 2) throw new Error('its systemd unit has no ExecStart="node" … "launchpool.cjs" "run"');
  return words.slice(1, run - 1);
}
