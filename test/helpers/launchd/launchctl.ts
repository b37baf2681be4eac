/** The subcommands of launchctl(1) on the double: their effects, output and exit statuses. */
import { constants } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import type { CommandResult } from '../../../job/run-command.ts';
import type { LaunchdJob } from './job.ts';
import { type JobPlist, readPlist } from './plist.ts';
import { describeJob } from './print.ts';

const POLL_MS = 5;

export type Session = {
  domains: readonly string[];
  /** Jobs by target, which is domain and label. */
  jobs: ReadonlyMap<string, LaunchdJob>;
  /** Disabled state by label; outlives the jobs. */
  disabled: Map<string, boolean>;
  load(target: string, plist: JobPlist, path: string): void;
};

export type Launchctl = Readonly<Record<string, (...args: string[]) => CommandResult | Promise<CommandResult>>>;

const ok = (stdout = ''): CommandResult => ({ status: 0, stdout, stderr: '' });
const no = (status: number, stderr: string): CommandResult => ({ status, stdout: '', stderr: `${stderr}\n` });
const USAGE = no(64, 'Unrecognized subcommand or arguments. Usage: launchctl <subcommand> ... | help [subcommand]');

export function createLaunchctl({ domains, jobs, disabled, load }: Session): Launchctl {
  async function bootstrap(domain: string, path: string): Promise<CommandResult> {
    const failed = (status: number, reason: string): CommandResult =>
      no(status, `Bootstrap failed: ${status}: ${reason}`);
    if (!domains.includes(domain)) return failed(125, 'Domain does not support specified action');
    const plist = await readPlist(path);
    if (plist === undefined) return failed(5, 'Input/output error');
    const target = `${domain}/${plist.Label}`;
    // launchctl returns 5 for a loaded label, a label that is being removed, and a disabled one.
    if (jobs.has(target) || disabled.get(plist.Label)) return failed(5, 'Input/output error');
    const sessions = [plist.LimitLoadToSessionType ?? 'Aqua'].flat();
    if (!sessions.includes(domain.startsWith('gui/') ? 'Aqua' : 'Background')) {
      return failed(134, 'Service cannot load in requested session');
    }
    load(target, plist, path);
    return ok();
  }

  function bootout(target: string): CommandResult {
    const failed = (status: number, reason: string): CommandResult =>
      no(status, `Boot-out failed: ${status}: ${reason}`);
    switch (jobs.get(target)?.bootOut()) {
      case undefined:
        return failed(3, 'No such process');
      case 'removed':
        return ok();
      case 'started':
        return failed(36, 'Operation now in progress');
      case 'in-progress':
        return failed(37, 'Operation already in progress');
    }
  }

  function print(target: string): CommandResult {
    if (domains.includes(target)) return ok(`${target} = {\n\ttype = ${target.split('/')[0]}\n}\n`);
    if (target.split('/').length < 3) return no(112, `Could not find domain for ${target}`);
    const job = jobs.get(target);
    return job === undefined ? unknown(target) : ok(describeJob(target, job));
  }

  async function kickstart(...args: string[]): Promise<CommandResult> {
    const target = args.at(-1) ?? '';
    const flags = args.slice(0, -1).join('').replaceAll('-', '');
    const job = jobs.get(target);
    if (job === undefined) return unknown(target);
    const before = flags.includes('k') ? job.pid : undefined;
    job.kickstart(flags.includes('k'));
    if (!flags.includes('p')) return ok();
    while (jobs.get(target) === job) {
      if (job.pid !== undefined && job.pid !== before) return ok(`${job.pid}\n`);
      await wait(POLL_MS);
    }
    return unknown(target);
  }

  function kill(signal: string, target: string): CommandResult {
    const number = /^\d+$/.test(signal)
      ? Number(signal)
      : constants.signals[`SIG${signal.replace(/^SIG/, '')}` as NodeJS.Signals];
    if (number === undefined) return USAGE;
    const job = jobs.get(target);
    if (job === undefined) return unknown(target);
    return job.signal(number) ? ok() : no(3, 'No process to signal.');
  }

  function setDisabled(target: string, isDisabled: boolean): CommandResult {
    disabled.set(target.split('/').at(-1) ?? '', isDisabled);
    return ok();
  }

  return {
    bootstrap: (domain = '', path = '') => bootstrap(domain, path),
    bootout: (target = '') => bootout(target),
    kickstart,
    kill: (signal = '', target = '') => kill(signal, target),
    print: (target = '') => print(target),
    enable: (target = '') => setDisabled(target, false),
    disable: (target = '') => setDisabled(target, true),
    'print-disabled': (domain = '') => {
      if (!domains.includes(domain)) return no(112, `Could not find domain for ${domain}`);
      const lines = [...disabled].map(([label, off]) => `\t\t"${label}" => ${off ? 'disabled' : 'enabled'}\n`);
      return ok(`disabled services = {\n${lines.join('')}\t}\n`);
    },
    usage: () => USAGE,
  };
}

function unknown(target: string): CommandResult {
  const [kind, id, ...label] = target.split('/');
  return no(113, `Could not find service "${label.join('/')}" in domain for user ${kind}: ${id}`);
}
