/** Connects the agent of `launchpool run --nats` to NATS. In the built program a file of its own, which other agents never load. */
import { basename, extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AgentOptions } from '../agent/options.ts';
import type { Log } from '../log.ts';
import type { NATS_TABLE } from '../options/nats-table.ts';
import type { GivenOf } from '../options/option.ts';
import { connectToServe, type Serving } from '../serve/serve.ts';
import { labelFrom } from './default-label.ts';

export type NatsServing = {
  agentOptions: AgentOptions;
  label: string | undefined;
  /** The path of the user's module, if the agent loads a compiled one from elsewhere: its project has the packages. */
  source: string | undefined;
  log: Log;
};

/** @throws ERR_LAUNCHPOOL_NATS_MISSING, ERR_LAUNCHPOOL_ADDRESS_INVALID, ERR_LAUNCHPOOL_CONNECT_FAILED */
export function connectToNats(
  { nats = '', serviceName, queue }: GivenOf<typeof NATS_TABLE>,
  { agentOptions, label, source, log }: NatsServing,
): Promise<Serving> {
  const module = fileURLToPath(agentOptions.moduleUrl);
  const name = serviceName ?? serviceNameOf(label ?? module);
  return connectToServe({ url: nats, name, queue, module, source: source ?? module, agentOptions, log });
}

/** From a label, or from the path of a module. */
export function serviceNameOf(text: string): string {
  return labelFrom(text.includes('/') ? basename(text, extname(text)) : text);
}
