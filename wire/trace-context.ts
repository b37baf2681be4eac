/**
 * The trace that a request belongs to, as W3C Trace Context (https://www.w3.org/TR/trace-context-1/) writes it: `traceparent`
 * and `tracestate`, beside the params of a request, and in `_meta` of MCP. What is not valid counts as absent, and is no error.
 */

export type TraceContext = {
  /** `00-<trace id>-<parent id>-<flags>`, in lower-case hexadecimal digits. */
  readonly traceparent: string;
  /** What the vendors of tracing systems add: up to 512 characters. */
  readonly tracestate?: string | undefined;
};

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/s;
const VERSION = '00';
/** No version: the recommendation forbids it. */
const NO_VERSION = 'ff';
const ZEROS = /^0+$/;
/** The flag "sampled". */
const SAMPLED = 1;

const MAX_STATE = 512;
const MAX_STATE_MEMBERS = 32;
/** A key, and printable ASCII without `,` and `=`, whose last character is no space. */
const STATE_MEMBER = /^[a-z0-9][a-z0-9_\-*/@]{0,255}=[ -+\--<>-~]{0,255}[!-+\--<>-~]$/;

/** The trace context in the members of an object, such as a request, `_meta`, or the options of a call. */
export function traceIn({
  traceparent,
  tracestate,
}: {
  traceparent?: unknown;
  tracestate?: unknown;
}): TraceContext | undefined {
  const parent = readParent(traceparent);
  if (parent === undefined) return undefined;
  // Without a valid parent, the state has no meaning.
  return isState(tracestate) ? { traceparent: parent, tracestate } : { traceparent: parent };
}

/** The trace id, of 32 digits. */
export function traceIdOf({ traceparent }: TraceContext): string {
  return traceparent.slice(3, 35);
}

/** Of a later version, what the present one knows. */
function readParent(value: unknown): string | undefined {
  const [, version, traceId = '', parentId = '', flags = '', rest] =
    (typeof value === 'string' && TRACEPARENT.exec(value)) || [];
  if (version === undefined || version === NO_VERSION || ZEROS.test(traceId) || ZEROS.test(parentId)) return undefined;
  if (version === VERSION) return rest === undefined ? (value as string) : undefined;
  const known = Number.parseInt(flags, 16) & SAMPLED;
  return `${VERSION}-${traceId}-${parentId}-0${known}`;
}

function isState(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > MAX_STATE) return false;
  const members = value
    .split(',')
    .map((member) => member.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter((member) => member !== '');
  return members.length > 0 && members.length <= MAX_STATE_MEMBERS && members.every((each) => STATE_MEMBER.test(each));
}
