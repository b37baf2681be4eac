/** Connects the agent of `launchpool run --nats` to NATS. In the built program a file of its own, which other agents never load. */
import { basename, extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AgentKind } from '../../workers/task.ts';
import type { AgentOptions } from '../agent/options.ts';
import type { Log } from '../log.ts';
import { NATS_TABLE } from '../options/nats-table.ts';
import type { GivenOf } from '../options/option.ts';
import { defaultsOf } from '../options/parse-options.ts';
import type { DurableOptions } from '../serve/later/durable.ts';
import { connectToServe, type Serving } from '../serve/serve.ts';
import { labelFrom } from './default-label.ts';

export type NatsServing = {
  agentOptions: AgentOptions;
  kind: AgentKind | undefined;
  label: string | undefined;
  /** The path of the user's module, if the agent loads a compiled one from elsewhere: its project has the packages. */
  source: string | undefined;
  log: Log;
};

/**
 * @throws ERR_LAUNCHPOOL_NATS_MISSING, ERR_LAUNCHPOOL_JETSTREAM_MISSING, ERR_LAUNCHPOOL_ADDRESS_INVALID, ERR_LAUNCHPOOL_CONNECT_FAILED
 */
export function connectToNats(
  given: GivenOf<typeof NATS_TABLE>,
  { agentOptions, kind, label, source, log }: NatsServing,
): Promise<Serving> {
  const { nats = '', serviceName, queue, durable } = given;
  const module = fileURLToPath(agentOptions.moduleUrl);
  const name = serviceName ?? serviceNameOf(label ?? module);
  return connectToServe({
    ...{ url: nats, name, queue, module, source: source ?? module, kind, agentOptions, log },
    durable: durable ? durableOf(given) : undefined,
  });
}

function durableOf(given: GivenOf<typeof NATS_TABLE>): DurableOptions {
  const { maxDeliveries, retryDelayMs, keepResultsMs: keepMs } = { ...defaultsOf(NATS_TABLE), ...given };
  const { replicas, maxStoredMb } = given;
  return { maxDeliveries, retryDelayMs, keepMs, replicas, maxBytes: maxStoredMb && maxStoredMb * 2 ** 20 };
}

/** From a label, or from the path of a module. */
export function serviceNameOf(text: string): string {
  return labelFrom(text.includes('/') ? basename(text, extname(text)) : text);
}
