/** systemctl(1) of the user manager: its commands and output. */
import { type CommandResult, commandFailed, type RunCommand } from '../job/run-command.ts';
import type { Command } from '../job/supervisor.ts';
import { LaunchpoolError } from '../wire/errors.ts';

/** The properties read of each unit; all are stable interface, org.freedesktop.systemd1(5). */
const PROPERTIES = [
  'Id',
  'LoadState',
  'FragmentPath',
  'ActiveState',
  'SubState',
  'Result',
  'MainPID',
  'ExecMainStatus',
  'ExecMainCode',
  'ExecMainExitTimestampMonotonic',
] as const;

export type UnitStatus = Readonly<Record<(typeof PROPERTIES)[number], string>>;

export type Systemctl = {
  /** @throws ERR_LAUNCHPOOL_SUPERVISOR_UNREACHABLE, ERR_LAUNCHPOOL_SUPERVISOR_FAILED */
  must(...args: readonly string[]): Promise<string>;
  /** Runs a command that fails only when it has nothing to do. */
  may(...args: readonly string[]): Promise<void>;
  /** Missing units are included, with LoadState `not-found`. */
  show(...units: readonly string[]): Promise<UnitStatus[]>;
  /** The same for each group of units, by one command. The errors are those of a command for each group. */
  showEach(groups: readonly (readonly string[])[]): Promise<UnitStatus[]>[];
};

export function systemctlCommand(...args: readonly string[]): Command {
  return ['systemctl', '--user', ...args];
}

export function createSystemctl(run: RunCommand): Systemctl {
  async function ask(args: readonly string[]): Promise<CommandResult> {
    const command = systemctlCommand(...args);
    const result = await run(command);
    if (isUnreachable(result)) throw unreachable(command, result);
    return result;
  }

  async function must(...args: readonly string[]): Promise<string> {
    const result = await ask(args);
    return outputOf(systemctlCommand(...args), result);
  }

  async function show(...units: readonly string[]): Promise<UnitStatus[]> {
    return parseUnits(await must(...showing(units)));
  }

  return {
    must,
    show,
    showEach(groups) {
      if (groups.length === 0) return [];
      const all = groups.flat();
      const asked = run(systemctlCommand(...showing(all))).then((result) => ({
        result,
        shown: result.status === 0 ? parseUnits(result.stdout) : [],
      }));
      let count = 0;
      return groups.map(async (units) => {
        const start = count;
        count += units.length;
        const { result, shown } = await asked;
        const command = (): Command => systemctlCommand(...showing(units));
        if (isUnreachable(result)) throw unreachable(command(), result);
        if (shown.length === all.length) return shown.slice(start, start + units.length);
        // Without a status, the command has hung, and so would the next.
        if (groups.length === 1 || result.status < 0) return parseUnits(outputOf(command(), result));
        // systemctl fails if one unit cannot be shown; the others can.
        return show(...units);
      });
    },
    async may(...args) {
      await ask(args);
    },
  };
}

const showing = (units: readonly string[]): string[] => ['show', '--property', PROPERTIES.join(','), ...units];

/** @throws ERR_LAUNCHPOOL_SUPERVISOR_FAILED */
function outputOf(command: Command, result: CommandResult): string {
  if (result.status === 0) return result.stdout;
  throw commandFailed(command, result, 'Run `systemctl --user status` and `journalctl --user -e` for the cause.');
}

function parseUnits(text: string): UnitStatus[] {
  return text.trim().split(/\n\n+/).map(parseProperties);
}

/** `Key=value` lines, in systemd's order. */
export function parseProperties(text: string): UnitStatus {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const at = line.indexOf('=');
    values.set(line.slice(0, at), line.slice(at + 1));
  }
  return Object.fromEntries(PROPERTIES.map((name) => [name, values.get(name) ?? ''])) as UnitStatus;
}

function isUnreachable({ status, stderr }: CommandResult): boolean {
  return status === 127 || /Failed to connect to (the )?(user scope )?bus|\$DBUS_SESSION_BUS_ADDRESS/.test(stderr);
}

function unreachable(command: Command, { status, stderr }: CommandResult): LaunchpoolError {
  const reason = status === 127 ? 'there is no systemctl' : stderr.trim();
  // Each command fails in that way: the words behind its verb say nothing.
  const name = command.slice(0, 3).join(' ');
  return new LaunchpoolError('ERR_LAUNCHPOOL_SUPERVISOR_UNREACHABLE', `${name}: ${reason}`, {
    hint: 'Use a login session, which has a user manager and XDG_RUNTIME_DIR; sudo, su and cron have neither.',
  });
}
