/**
 * The revisions of MCP that are served, and which of them a request speaks. Revisions up to 2025-11-25 begin with
 * `initialize`; 2026-07-28 has no session: each request names its revision in `_meta`. One process serves both.
 * https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning
 */
import { Fault, isObject, type Params, type Request } from './messages.ts';

export const MODERN = '2026-07-28';
const LATEST_LEGACY = '2025-11-25';
const LEGACY = ['2025-06-18', LATEST_LEGACY] as const;

export type LegacyEra = (typeof LEGACY)[number];
export type Era = LegacyEra | typeof MODERN;

/** The keys of `_meta` that the specification reserves. */
export const META = {
  version: 'io.modelcontextprotocol/protocolVersion',
  capabilities: 'io.modelcontextprotocol/clientCapabilities',
  server: 'io.modelcontextprotocol/serverInfo',
  subscription: 'io.modelcontextprotocol/subscriptionId',
} as const;

/** The answer to the revision that `initialize` asks for: itself, or the latest one that has `initialize`. */
export function negotiated(asked: unknown): LegacyEra {
  return LEGACY.find((version) => version === asked) ?? LATEST_LEGACY;
}

export function metaOf({ _meta }: Params): Params {
  return isObject(_meta) ? _meta : {};
}

/**
 * @param session the revision that `initialize` has agreed on, if there was one.
 * @throws Fault for a request that names no revision, or another one
 */
export function eraOf({ method, params }: Request, session: LegacyEra | undefined): Era {
  const meta = metaOf(params);
  const version = meta[META.version];
  if (version === undefined && session !== undefined) return session;
  if (version === undefined)
    throw new Fault('invalidParams', `${method} needs "${META.version}" in its _meta, or an earlier initialize`, {
      supported: [MODERN],
    });
  if (version !== MODERN)
    throw new Fault('unsupportedVersion', 'Unsupported protocol version', { supported: [MODERN], requested: version });
  if (!isObject(meta[META.capabilities]))
    throw new Fault('invalidParams', `${method} needs "${META.capabilities}" in its _meta, an object`);
  return MODERN;
}
