/**
 * `npm run docs:session`: records a terminal in which an agent is installed, called, idle and listed, under a real
 * systemd, and draws it as docs/pictures/session.svg. Every line of output is one that the commands have printed, with the
 * paths of a user. Takes over a minute, and needs root on Linux, as the tests with systemd do.
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { buildProgram } from '../build/program.ts';
import { placeNode } from '../test/helpers/lasting-node.ts';
import { openSystemd } from '../test/helpers/systemd-session.ts';
import { type Entry, terminalSvg } from './terminal-svg.ts';

const ROOT = resolve(import.meta.dirname, '..');
const COMMANDS: readonly string[] = [
  'cat rot13.ts',
  'launchpool install rot13.ts --label com.example.rot13',
  `launchpool call com.example.rot13 rot13 '"Hello"'`,
  'launchpool list',
  'sleep 60; launchpool list',
];

const MODULE = `/** @returns the text, rotated by 13 letters */
export function rot13(text: string): string {
  return text.replace(/[a-z]/gi, (c) =>
    String.fromCharCode(c.charCodeAt(0) + (c.toLowerCase() < 'n' ? 13 : -13)));
}
`;

const folder = mkdtempSync('/tmp/lp-');
const home = join(folder, 'home');
const ends: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
const reports = { pass: () => undefined, log: console.error, title: 'record' } as unknown as ExecutionContext;
try {
  const program = buildProgram();
  ends.push(program.remove);
  const node = placeNode();
  ends.push(node.remove);
  const session = await openSystemd(reports, home, (close) => ends.push(close));
  if (session === undefined) throw new Error('there is no systemd here');
  const project = join(folder, 'project');
  mkdirSync(join(project, 'bin'), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(project, 'node_modules'));
  writeFileSync(join(project, 'rot13.ts'), MODULE);
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(project, 'bin', 'launchpool'), `#!/bin/sh\nexec '${node.path}' '${program.path}' "$@"\n`, {
    mode: 0o755,
  });
  const shell = (command: string) =>
    session.run(['/bin/sh', '-c', `exec 2>&1; cd '${project}' && PATH='${project}/bin':$PATH && ${command}`]);
  const entries: Entry[] = [];
  for (const command of COMMANDS) {
    const { status, stdout } = await shell(await asRun(command, shell));
    if (status !== 0) throw new Error(`${command}: ${stdout}`);
    entries.push({
      command,
      output: stdout.replaceAll('/run/user/0/', '/run/user/1000/').replaceAll(home, '/home/me'),
    });
  }
  writeFileSync(join(ROOT, 'docs', 'pictures', 'session.svg'), terminalSvg(entries));
} finally {
  for (const end of ends.reverse()) await end();
}

/** The command as it runs: behind the minute of a `sleep`, as soon as the agent has exited. */
async function asRun(command: string, shell: (command: string) => Promise<{ stdout: string }>): Promise<string> {
  const [sleep, rest] = command.split('; ');
  if (rest === undefined || sleep?.startsWith('sleep ') !== true) return command;
  while (!(await shell(rest)).stdout.includes('idle')) await wait(100);
  return rest;
}
