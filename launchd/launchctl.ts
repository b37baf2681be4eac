/** launchctl(1): its commands, exit statuses and output. */
import { setTimeout as wait } from 'node:timers/promises';
import { type CommandResult, commandFailed, type RunCommand } from '../job/run-command.ts';
import type { Command } from '../job/supervisor.ts';

/** An absolute path, since PATH may have another launchctl. */
const LAUNCHCTL = '/bin/launchctl';
/** Interval of the checks whether a label is free. */
const POLL_MS = 100;
const RETRY_MS = 500;

/** Exit statuses, by the names that `launchctl error N` gives them. */
export const STATUS = {
  NO_SUCH_PROCESS: 3,
  IO_ERROR: 5,
  IN_PROGRESS: 36,
  ALREADY: 37,
  NO_SUCH_DOMAIN: 112,
  NO_SUCH_SERVICE: 113,
  DOMAIN_UNFIT: 125,
} as const;

/** Exit statuses of `print` for a missing job. Other failures leave open whether the job exists. */
const ABSENT: readonly number[] = [
  STATUS.NO_SUCH_PROCESS,
  STATUS.NO_SUCH_DOMAIN,
  STATUS.NO_SUCH_SERVICE,
  STATUS.DOMAIN_UNFIT,
];

/** The fields that `launchctl print` reports of a job. */
export type Printed = {
  state: string;
  /** The plist that the job was loaded from. */
  path: string | undefined;
  pid: number | undefined;
  /** An exit status, or `signal 9`; undefined before the first exit. */
  lastExit: number | string | undefined;
};

/** States of a job that is being removed. Its sockets are closed; its label stays taken until its process has exited. */
const STOPPING = ['SIGTERMed', 'SIGKILLed', 'languishing'];
export const isStopping = ({ state }: Pick<Printed, 'state'>): boolean => STOPPING.includes(state);

export type Launchctl = {
  /** Whether the domain exists. */
  hasDomain(domain: string): Promise<boolean>;
  enable(domain: string, label: string): Promise<void>;
  /** Keeps launchd from loading the label, also at the next login. A loaded job stays loaded. */
  disable(domain: string, label: string): Promise<void>;
  /** Resolves when the job is loaded from that plist, also if it was loaded before. */
  bootstrap(domain: string, label: string, plistPath: string, timeoutMs: number): Promise<void>;
  /** Resolves when the job is removed, also if it did not exist. */
  bootout(domain: string, label: string, timeoutMs: number): Promise<void>;
  /** Does nothing for a job without a process. */
  kill(domain: string, label: string, signal: NodeJS.Signals): Promise<void>;
  /**
   * Undefined when the job or the domain does not exist.
   * @throws ERR_LAUNCHPOOL_SUPERVISOR_FAILED when launchctl gives no answer
   */
  print(domain: string, label: string): Promise<Printed | undefined>;
  /** Whether the label is disabled. This outlives the job, its plist and a restart of the machine. */
  isDisabled(domain: string, label: string): Promise<boolean>;
};

export const ENABLE = (domain: string, label: string): Command => [LAUNCHCTL, 'enable', `${domain}/${label}`];
const DISABLE = (domain: string, label: string): Command => [LAUNCHCTL, 'disable', `${domain}/${label}`];
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
      const command: Command = [LAUNCHCTL, 'print', domain];
      const result = await run(command);
      if (result.status === 0) return true;
      // A program that is missing, or killed, says nothing about the domain.
      if (result.status < 0 || result.status === 127) throw commandFailed(command, result, hintOf(result));
      return false;
    },
    async enable(domain, label) {
      await must(ENABLE(domain, label));
    },
    async disable(domain, label) {
      await must(DISABLE(domain, label));
    },
    async bootstrap(domain, label, plistPath, timeoutMs) {
      const command = BOOTSTRAP(domain, plistPath);
      for (const deadline = Date.now() + timeoutMs; ; await wait(RETRY_MS)) {
        const result = await run(command);
        if (result.status === 0) return;
        // launchctl returns 5 both for a label that is being removed and for a loaded one.
        const isTransient = result.status === STATUS.IO_ERROR || result.status === STATUS.ALREADY;
        if (!isTransient) throw commandFailed(command, result, hintOf(result));
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
      // bootout returns after signalling the process. The label stays taken until the process has exited.
      for (const deadline = Date.now() + timeoutMs; (await print(domain, label)) !== undefined; await wait(POLL_MS)) {
        if (Date.now() < deadline) continue;
        throw commandFailed(command, result, `Try again later: the job still exists after ${timeoutMs / 1000} s.`);
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
      return 'Log that user in to this Mac: the next login loads the job.';
    case STATUS.IO_ERROR:
      return 'Switch the job on in System Settings > General > Login Items, or run `launchpool doctor` for the cause.';
    default:
      return `Run \`launchctl error ${status}\` for the meaning of the number.`;
  }
}

/**
 * Parses the output of `launchctl print`, which launchctl(1) calls "NOT API in any sense at all"; no other interface
 * exists. Lines about the job itself start with one tab. Deeper lines use the same words for other things.
 */
export function parsePrint(text: string): Printed {
  const field = (name: string): string | undefined => new RegExp(`^\\t${name} = (.*)$`, 'm').exec(text)?.[1]?.trim();
  const pid = /^[1-9]\d*$/.exec(field('pid') ?? '')?.[0];
  // launchctl prints one of these two lines, for instance `78: EX_CONFIG` or `Killed: 9`.
  const status = /^-?\d+/.exec(field('last exit code') ?? '')?.[0];
  const signal = /\d+$/.exec(field('last terminating signal') ?? '')?.[0];
  return {
    state: field('state') ?? 'unknown',
    path: field('path'),
    pid: pid === undefined ? undefined : Number(pid),
    lastExit: status !== undefined ? Number(status) : signal !== undefined ? `signal ${signal}` : undefined,
  };
}

/** Matches `"com.example.rot13" => disabled`, or `=> true` in older versions. */
export function parseDisabled(text: string, label: string): boolean {
  const line = text.split('\n').find((candidate) => candidate.includes(`"${label}" =>`));
  return line !== undefined && /=> (disabled|true)\s*$/.test(line);
}
