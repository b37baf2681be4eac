/** `launchpool serve`: an agent on NATS, in the foreground, that does not exit when it is idle. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { LaunchpoolError } from '../../../wire/errors.ts';
import { listenForSignals } from '../../activation/signals.ts';
import { agentOptionsOf } from '../../agent/agent-flags.ts';
import { devFlags } from '../../installed/package-options.ts';
import { AGENT_TABLE } from '../../options/agent-table.ts';
import { argumentsOf } from '../../options/flags.ts';
import { NATS_TABLE } from '../../options/nats-table.ts';
import type { GivenValues } from '../../options/parse-options.ts';
import { invalidOption } from '../../options/parse-value.ts';
import { createDevBundle } from '../dev-bundle.ts';
import { type CommanderFlags, givenFlags } from '../given-flags.ts';
import { serviceNameOf } from '../nats-serving.ts';
import { run } from './run.ts';

/**
 * Compiles and describes the module as an installation does, and serves until a signal.
 * @returns the exit status.
 * @throws ERR_LAUNCHPOOL_OPTION_INVALID without --nats, ERR_LAUNCHPOOL_MODULE_NOT_LOADED, and what connecting throws
 */
export async function serve(module: string, flags: CommanderFlags): Promise<number> {
  const nats = definedOf(givenFlags(NATS_TABLE, flags));
  if (nats.nats === undefined) throw invalidOption('--nats URL is missing', 'Such as --nats nats://127.0.0.1:4222.');
  const modulePath = resolve(module);
  if (!existsSync(modulePath)) throw notThere(modulePath);
  const { flags: given } = devFlags(modulePath, definedOf(givenFlags(AGENT_TABLE, flags)));
  const { loadTimeoutMs } = agentOptionsOf(modulePath, given);
  const signals = listenForSignals();
  const bundle = await createDevBundle(modulePath, loadTimeoutMs, (reason) =>
    process.stderr.write(`launchpool: the methods are described without types: ${reason}\n`),
  );
  process.once('exit', bundle.removeNow);
  try {
    const error = await bundle.refresh();
    if (error !== undefined) throw error;
    await bundle.described();
    process.setSourceMapsEnabled(true);
    const name = { name: nats.name ?? serviceNameOf(modulePath) };
    return await run([bundle.path, ...argumentsOf({ ...nats, ...name, ...given })], {
      signals,
      source: modulePath,
    });
  } finally {
    await bundle.remove();
  }
}

function notThere(path: string): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_MODULE_NOT_LOADED', `there is no module ${path}`, {
    hint: 'Give the path of a module, such as ./rot13.ts.',
  });
}

function definedOf(given: GivenValues): GivenValues {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
