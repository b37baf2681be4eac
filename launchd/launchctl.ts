/** launchctl(1): its commands, its exit statuses, and what it prints. */
import { setTimeout as wait } from 'node:timers/promises';
import { type CommandResult, commandFailed, type RunCommand } from '../job/run-command.ts';
import type { Command } from '../job/supervisor.ts';

/** By its path: another of that name may stand earlier in PATH. */
const LAUNCHCTL = '/bin/launchctl';
/** Between two looks at what is going on. */
const POLL_MS = 100;
const RETRY_MS = 500;

/** What `launchctl error N` says of the numbers that matter here. */
export const STATUS = {
  NO_SUCH_PROCESS: 3,
  IO_ERROR: 5,
  IN_PROGRESS: 36,
  ALREADY: 37,
  NO_SUCH_DOMAIN: 112,
  NO_SUCH_SERVICE: 113,
  DOMAIN_UNFIT: 125,
} as const;

/** What `print` ends with when there is nothing to print. Any other failure says nothing of whether there is. */
const ABSENT: readonly number[] = [
  STATUS.NO_SUCH_PROCESS,
  STATUS.NO_SUCH_DOMAIN,
  STATUS.NO_SUCH_SERVICE,
  STATUS.DOMAIN_UNFIT,
];

/** What `launchctl print` says of a job. */
export type Printed = {
  state: string;
  /** The plist it was loaded from. */
  path: string | undefined;
  pid: number | undefined;
  /** Its exit status, or `signal 9`; undefined when it has never ended. */
  lastExit: number | string | undefined;
};

/** Of a job that is on its way out: its sockets are closed, and its label is taken until its process has gone. */
const STOPPING = ['SIGTERMed', 'SIGKILLed', 'languishing'];
export const isStopping = ({ state }: Pick<Printed, 'state'>): boolean => STOPPING.includes(state);

export type Launchctl = {
  /** Whether there is such a domain. */
  hasDomain(domain: string): Promise<boolean>;
  enable(domain: string, label: string): Promise<void>;
  /** Resolves when the job is loaded from that plist, also if it was already. */
  bootstrap(domain: string, label: string, plistPath: string, timeoutMs: number): Promise<void>;
  /** Resolves when the job is gone, also if it never was there. */
  bootout(domain: string, label: string, timeoutMs: number): Promise<void>;
  /** Of a job that has no process, it is not heard. */
  kill(domain: string, label: string, signal: NodeJS.Signals): Promise<void>;
  /**
   * Undefined when there is no such job, or no such domain.
   * @throws ERR_LAUNCHPOOL_SUPERVISOR_FAILED when that cannot be told
   */
  print(domain: string, label: string): Promise<Printed | undefined>;
  /** Whether it is switched off, which outlives the job, its plist, and a restart. */
  isDisabled(domain: string, label: string): Promise<boolean>;
};

export const ENABLE = (domain: string, label: string): Command => [LAUNCHCTL, 'enable', `${domain}/${label}`];
export const BOOTSTRAP = (domain: string, path: string): Command => [LAUNCHCTL, 'bootstrap', domain, path];
export const BOOTOUT = (domain: string, label: string): Command => [LAUNCHCTL, 'bootout', `${domain}/${label}`];
const PRINT = (domain: string, label: string): Command => [LAUNCHCTL, 'print', `${domain}/${label}`];

export function createLaunchctl(run: RunCommand): Launchctl {
  const print: Launchctl['print'] = async (domain, label) => {
    const command = PRINT(domain, label);
    const result = await run(command);
    if (result.status === 0) return parsePrint(result.stdout);
    if (ABSENT.includes(result.status)) return undefined;
    throw commandFailed(command, result, hintOf(result));
  };

  return {
    print,
    async hasDomain(domain) {
      return (await run([LAUNCHCTL, 'print', domain])).status === 0;
    },
    async enable(domain, label) {
      await must(ENABLE(domain, label));
    },
    async bootstrap(domain, label, plistPath, timeoutMs) {
      const command = BOOTSTRAP(domain, plistPath);
      for (const deadline = Date.now() + timeoutMs; ; await wait(RETRY_MS)) {
        const result = await run(command);
        if (result.status === 0) return;
        // 5 is all that it says of a label that is still being removed, and of one that is there already.
        const passing = result.status === STATUS.IO_ERROR || result.status === STATUS.ALREADY;
        if (!passing) throw commandFailed(command, result, hintOf(result));
        const printed = await print(domain, label);
        if (printed?.path === plistPath && !isStopping(printed)) return;
        if (Date.now() >= deadline) throw commandFailed(command, result, hintOf(result));
      }
    },
    async bootout(domain, label, timeoutMs) {
      const command = BOOTOUT(domain, label);
      const result = await run(command);
      const { NO_SUCH_PROCESS, IN_PROGRESS, ALREADY, NO_SUCH_SERVICE } = STATUS;
      if (result.status === NO_SUCH_PROCESS || result.status === NO_SUCH_SERVICE) return;
      if (![0, IN_PROGRESS, ALREADY].includes(result.status)) throw commandFailed(command, result, hintOf(result));
      // It returns when it has told the process to end. The label is taken until that has happened.
      for (const deadline = Date.now() + timeoutMs; (await print(domain, label)) !== undefined; await wait(POLL_MS)) {
        if (Date.now() < deadline) continue;
        throw commandFailed(command, result, `The job is still there after ${timeoutMs / 1000} s.`);
      }
    },
    async kill(domain, label, signal) {
      await run([LAUNCHCTL, 'kill', signal, `${domain}/${label}`]);
    },
    async isDisabled(domain, label) {
      const { stdout } = await run([LAUNCHCTL, 'print-disabled', domain]);
      return parseDisabled(stdout, label);
    },
  };

  async function must(command: Command): Promise<void> {
    const result = await run(command);
    if (result.status !== 0) throw commandFailed(command, result, hintOf(result));
  }
}

function hintOf({ status }: CommandResult): string {
  switch (status) {
    case STATUS.NO_SUCH_DOMAIN:
    case STATUS.DOMAIN_UNFIT:
      return 'That user is not logged in at this Mac; the job will be loaded at the next login.';
    case STATUS.IO_ERROR:
      return 'It may be switched off in System Settings > General > Login Items; `launchpool doctor` looks into it.';
    default:
      return `\`launchctl error ${status}\` says what the number means.`;
  }
}

/**
 * "NOT API in any sense at all", says launchctl(1) of this output, and everybody reads it. Lines of the job itself
 * begin with one tab; what is deeper speaks of other things in the same words.
 */
export function parsePrint(text: string): Printed {
  const field = (name: string): string | undefined => new RegExp(`^\\t${name} = (.*)$`, 'm').exec(text)?.[1]?.trim();
  const pid = /^[1-9]\d*$/.exec(field('pid') ?? '')?.[0];
  // The one line stands in the other's place: `78: EX_CONFIG`, `Killed: 9`.
  const status = /^-?\d+/.exec(field('last exit code') ?? '')?.[0];
  const signal = /\d+$/.exec(field('last terminating signal') ?? '')?.[0];
  return {
    state: field('state') ?? 'unknown',
    path: field('path'),
    pid: pid === undefined ? undefined : Number(pid),
    lastExit: status !== undefined ? Number(status) : signal !== undefined ? `signal ${signal}` : undefined,
  };
}

/** `"com.example.rot13" => disabled`, or `=> true` in older versions. */
export function parseDisabled(text: string, label: string): boolean {
  const line = text.split('\n').find((candidate) => candidate.includes(`"${label}" =>`));
  return line !== undefined && /=> (disabled|true)\s*$/.test(line);
}
