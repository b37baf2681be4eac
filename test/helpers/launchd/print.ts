/** The output of `launchctl print` for a job, in the format of macOS 13 to 26. */
import { constants } from 'node:os';
import type { LaunchdJob } from './job.ts';

/** strsignal(3), for the signals that end a process in tests. */
const SIGNAL_NAMES: Readonly<Record<string, string>> = {
  SIGHUP: 'Hangup',
  SIGINT: 'Interrupt',
  SIGKILL: 'Killed',
  SIGSEGV: 'Segmentation fault',
  SIGTERM: 'Terminated',
};

/** Lines with more than one tab use the same words for other things, before and after the job's own lines. */
export function describeJob(target: string, job: LaunchdJob): string {
  const { plist, path, state, pid, runs } = job;
  const { Program, ProgramArguments, StandardOutPath, StandardErrorPath, WorkingDirectory } = plist;
  const [domain] = target.split(`/${plist.Label}`);
  const lines = [
    `active count = ${pid === undefined ? 0 : 1}`,
    `path = ${path}`,
    'type = LaunchAgent',
    `state = ${state}`,
    '',
    `program = ${Program ?? ProgramArguments[0]}`,
    block('arguments', ProgramArguments),
    '',
    ...given('working directory', WorkingDirectory),
    ...given('stdout path', StandardOutPath),
    ...given('stderr path', StandardErrorPath),
    block('default environment', ['PATH => /usr/bin:/bin:/usr/sbin:/sbin']),
    '',
    block('environment', [`XPC_SERVICE_NAME => ${plist.Label}`]),
    '',
    `domain = ${domain} [100005]`,
    `minimum runtime = ${plist.ThrottleInterval ?? 10}`,
    `exit timeout = ${plist.ExitTimeOut ?? 5}`,
    `runs = ${runs}`,
    ...given('pid', pid),
    endOf(job),
    '',
    block('resource coalition', ['ID = 1114', 'type = resource', 'state = active', 'pid = 1', 'active count = 1']),
    '',
    'spawn type = daemon (3)',
    'properties = inferred program',
  ];
  return `${target} = {\n${lines.map((line) => (line === '' ? '' : `\t${line}`)).join('\n')}\n}\n`;
}

function given(name: string, value: string | number | undefined): string[] {
  return value === undefined ? [] : [`${name} = ${value}`];
}

function block(name: string, lines: readonly string[]): string {
  return `${name} = {\n${lines.map((line) => `\t\t${line}\n`).join('')}\t}`;
}

/** After a signal, launchctl prints the signal's line instead of the exit code's. */
function endOf({ end }: LaunchdJob): string {
  if (end === undefined) return 'last exit code = (never exited)';
  if (end === 78) return 'last exit code = 78: EX_CONFIG';
  if (typeof end === 'number') return `last exit code = ${end}`;
  return `last terminating signal = ${SIGNAL_NAMES[end] ?? end}: ${constants.signals[end]}`;
}
