/** `launchpool run`: the agent itself, started by a supervisor that hands it a socket. Loads no more than it needs. */
import { parseArgs } from 'node:util';
import { LaunchpoolError } from '../../../wire/errors.ts';
import { startAgent } from '../../agent/agent.ts';
import { createLog } from '../../log.ts';
import { checkIn } from '../../supervisor/check-in.ts';
import { holdLifeline } from '../../supervisor/lifeline.ts';
import { AGENT_FLAGS, agentOptionsOf } from '../agent-flags.ts';

/**
 * Serves until the agent leaves.
 * @returns the exit status.
 * @throws ERR_LAUNCHPOOL_NOT_SUPERVISED when nobody has handed over a socket.
 */
export async function run(args: readonly string[]): Promise<number> {
  const { module, values } = readArgs(args);
  const found = await checkIn({ label: values.label as string | undefined });
  if (found === undefined) throw notSupervised(module);
  const options = { ...agentOptionsOf(module, values), development: values.development === true };
  const log = await createLog({ level: options.logLevel, pretty: options.development });
  log.debug({ supervisor: found.supervisor }, 'checked-in');

  // Whatever asks the agent to leave may do so before there is one.
  const asked = Promise.withResolvers<string>();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, asked.resolve);
  const lifeline =
    found.lifelineFd === undefined ? undefined : holdLifeline(found.lifelineFd, () => asked.resolve('holder gone'));
  const onFiles = (files: string[]): void => lifeline?.report(files);
  const agent = await startAgent({ options, sockets: found.sockets, log, onFiles });
  asked.promise.then(agent.leave);
  return agent.left;
}

function readArgs(args: readonly string[]): { module: string; values: Record<string, string | boolean | undefined> } {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        ...Object.fromEntries(
          Object.entries(AGENT_FLAGS).map(([name, { value }]) => [
            name,
            { type: value ? 'string' : 'boolean' } as const,
          ]),
        ),
        socket: { type: 'string' },
        label: { type: 'string' },
        development: { type: 'boolean' },
      },
    });
    const [module, ...rest] = positionals;
    if (module === undefined || rest.length > 0) throw new Error('`run` takes one module');
    return { module, values };
  } catch (cause) {
    throw new LaunchpoolError('ERR_LAUNCHPOOL_OPTION_INVALID', (cause as Error).message, {
      cause,
      hint: 'See `launchpool help run`.',
    });
  }
}

function notSupervised(module: string): LaunchpoolError {
  return new LaunchpoolError(
    'ERR_LAUNCHPOOL_NOT_SUPERVISED',
    '`launchpool run` is what launchd or systemd starts when somebody connects; nobody has handed it a socket',
    { hint: `To try the agent out, run: launchpool dev ${module}` },
  );
}
