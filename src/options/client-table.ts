/** The options of the verbs that connect to an agent as its clients do. */
import { JSON_TABLE } from './json-table.ts';
import type { Table } from './option.ts';

export const CLIENT_TABLE = {
  raw: { flag: 'raw', switch: true, help: 'sends and prints bytes as they are; for a raw agent' },
  authkeyFile: {
    flag: 'authkey-file',
    value: { kind: 'path', placeholder: 'FILE' },
    help: 'file with the key that the agent requires',
  },
  md5: { flag: 'no-md5', switch: false, help: 'refuses HMAC-MD5 in the authkey handshake' },
  serverUid: {
    flag: 'server-uid',
    value: { kind: 'userIds', min: 0, max: 2 ** 32 - 2 },
    defaultText: 'none',
    help: "users that may own the agent's socket, besides the caller and root; root calls every socket",
  },
} as const satisfies Table;

export const CALL_TABLE = {
  params: {
    flag: 'params',
    value: { kind: 'text', placeholder: 'JSON' },
    help: 'all arguments at once: an array, an object, or - for standard input',
  },
  textArg: {
    flag: 'text-arg',
    value: { kind: 'texts', placeholder: 'TEXT' },
    help: 'an argument that is text as it stands, behind the others',
  },
  bytesArg: {
    flag: 'bytes-arg',
    value: { kind: 'texts', placeholder: 'FILE' },
    help: 'an argument that is the bytes of a file, a Uint8Array, behind the others; - is standard input',
  },
  text: {
    flag: 'text',
    short: 'r',
    switch: true,
    help: 'prints text and bytes as they are, without the quotes of JSON',
  },
  stream: { flag: 'stream', switch: true, help: 'prints the values of a stream as they come, one a line' },
  timeoutMs: {
    flag: 'timeout',
    value: { kind: 'seconds', min: 0.001, max: 2_000_000 },
    defaultText: 'no limit',
    help: 'maximum time to wait for the reply',
  },
  later: {
    flag: 'later',
    switch: true,
    help: 'has a durable service on NATS store the call, and prints its id',
    details: 'The service runs with --durable. See nats-client.md.',
  },
  id: {
    flag: 'id',
    value: { kind: 'text', placeholder: 'ID' },
    defaultText: 'a UUID',
    help: 'with --later: the id; a call with an id that is known is not stored again',
  },
  result: {
    flag: 'result',
    value: { kind: 'text', placeholder: 'ID' },
    help: 'prints the outcome of a call that was made with --later, in the place of a call',
  },
  wait: { flag: 'wait', switch: true, help: 'with --result: waits until there is an outcome' },
  ...JSON_TABLE,
} as const satisfies Table;

/** Without `--raw`: a raw agent has no methods. */
export const DESCRIBE_TABLE = {
  authkeyFile: CLIENT_TABLE.authkeyFile,
  md5: CLIENT_TABLE.md5,
  serverUid: CLIENT_TABLE.serverUid,
  ...JSON_TABLE,
} as const satisfies Table;
