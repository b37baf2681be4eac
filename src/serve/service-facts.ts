/** What `$SRV.INFO` says of a service and its endpoints: texts, for people and for clients of other languages. */

import { realpathSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { readDescription } from '../../description/description-file.ts';
import { type OpenRpcDocument, openRpc, versionOf } from '../../description/open-rpc.ts';
import type { ModuleFacts } from '../../workers/task.ts';
import { packageVersion } from '../version.ts';

/** The server refuses longer messages: https://docs.nats.io/reference/faq#is-there-a-message-size-limitation-in-nats */
const SHARE_OF_PAYLOAD = 0.8;
/** https://semver.org: services of NATS must have such a version. */
const SEMVER = /^\d+\.\d+\.\d+(?:[-+].*)?$/;
const NO_VERSION = '0.0.0';

export type EndpointFacts = { name: string; subject: string; metadata: Record<string, string> };

export type ServiceFacts = {
  version: string;
  description: string;
  metadata: Record<string, string>;
  endpoints: EndpointFacts[];
};

/** The endpoint of a raw agent, on the name of the service itself. */
export const RAW_ENDPOINT = 'message';

/** @param module the path of the module, whose version may have a description. */
export function serviceFacts(
  name: string,
  module: string,
  facts: ModuleFacts | undefined,
  maxPayload: number,
): ServiceFacts {
  const kind = facts?.kind ?? 'rpc';
  const description = readDescription(dirname(realpathSync(module)));
  const document = description && openRpc(description, { title: name, version: versionOf(description) });
  const version = document === undefined || !SEMVER.test(document.info.version) ? NO_VERSION : document.info.version;
  const metadata = { launchpool: packageVersion(), kind, host: hostname(), pid: String(process.pid) };
  const endpoints =
    kind === 'raw'
      ? [{ name: RAW_ENDPOINT, subject: name, metadata: {} }]
      : (facts?.methods ?? []).filter(isToken).map((method) => endpointOf(name, method, document));
  const whole = { version, description: `${name}, an agent of launchpool`, metadata, endpoints };
  if (Buffer.byteLength(JSON.stringify(whole)) < SHARE_OF_PAYLOAD * maxPayload) return whole;
  // The document is still the result of `rpc.discover`.
  return { ...whole, endpoints: endpoints.map((endpoint) => ({ ...endpoint, metadata: {} })) };
}

function endpointOf(name: string, method: string, document: OpenRpcDocument | undefined): EndpointFacts {
  const found = document?.methods.find((each) => each.name === method);
  const { summary, description } = (found ?? {}) as { summary?: string; description?: string };
  const metadata = {
    ...(summary !== undefined && { summary }),
    ...(description !== undefined && description !== summary && { description }),
    ...(found !== undefined && { openrpc: JSON.stringify(found) }),
    ...(found !== undefined && document?.components && { components: JSON.stringify(document.components) }),
  };
  return { name: method, subject: `${name}.${method}`, metadata };
}

/** Names that NATS takes for an endpoint. Others are called over a link alone. */
function isToken(method: string): boolean {
  return /^[-\w]+$/.test(method);
}
