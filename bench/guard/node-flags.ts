/**
 * The flags that a built launchpool gives to Node for its agents. They are part of the comparison, and their place in the
 * sources differs between commits. So they are read from the systemd unit that an installation would write.
 */
import { runToEnd } from '../processes.ts';

/** @throws when the program does not report them. */
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
