/** The verbs that look at agents which launchd or systemd starts: status, list, path, env, logs, doctor. */
import type { Command } from 'commander';
import { JSON_TABLE } from '../../options/json-table.ts';
import { DOCTOR_TABLE, LOGS_TABLE, STATUS_TABLE } from '../../options/tool-tables.ts';
import { addExitStatuses, addVerb, type Done, LABEL_HELP } from './shared.ts';

const STATUS_STATUSES = { 0: 'its clients are served', 66: 'it is not installed', 69: 'its clients are not served' };
const DOCTOR_STATUSES = { 0: 'no problem, or all are repaired', 1: 'problems remain' };

export function addInstalledCommands(program: Command, done: Done): void {
  addExitStatuses(addVerb(program, 'status', STATUS_TABLE), STATUS_STATUSES)
    .description('Asks the supervisor, and the process if there is one; does not start the agent.')
    .argument('<label>', LABEL_HELP)
    .action(async (label, flags) => {
      const { statusWithOptionsVerb } = await import('../verbs/status-options.ts');
      const { statusVerb } = await import('../verbs/status.ts');
      done(await (flags.options ? statusWithOptionsVerb(label, flags) : statusVerb(label, flags)));
    });

  addVerb(program, 'list', JSON_TABLE).action(async (flags) => {
    const { listVerb } = await import('../verbs/status.ts');
    done(await listVerb(flags));
  });

  addVerb(program, 'path', JSON_TABLE)
    .argument('<label>', LABEL_HELP)
    .action(async (label, flags) => {
      const { pathVerb } = await import('../verbs/find.ts');
      done(await pathVerb(label, flags));
    });

  addVerb(program, 'env', JSON_TABLE)
    .description('For example: eval "$(launchpool env com.example.rot13)"; nc -U "$LAUNCHPOOL_SOCKET"')
    .argument('<label>', LABEL_HELP)
    .action(async (label, flags) => {
      const { envVerb } = await import('../verbs/find.ts');
      done(await envVerb(label, flags));
    });

  addVerb(program, 'logs', LOGS_TABLE)
    .argument('<label>', LABEL_HELP)
    .action(async (label, flags) => {
      const { logsVerb } = await import('../verbs/logs.ts');
      done(await logsVerb(label, flags));
    });

  addExitStatuses(addVerb(program, 'doctor', DOCTOR_TABLE), DOCTOR_STATUSES)
    .description('Checks for known problems. Does not start an agent, except to repair it.')
    .argument('[label]', 'the only agent to check')
    .action(async (label, flags) => {
      const { doctorVerb } = await import('../verbs/doctor.ts');
      done(await doctorVerb(label, flags));
    });
}
