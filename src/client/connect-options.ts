/** The options of a client's connection. */
import type { NatsConnection, NatsOptions } from '../nats/nats-types.ts';

export type ConnectOptions = {
  /**
   * The shared key, for an agent that requires one.
   * @default undefined
   */
  authkey?: Uint8Array | string | undefined;
  /**
   * Whether the handshake may use HMAC-MD5. Python servers up to 3.11 need it.
   * @default true
   */
  md5?: boolean | undefined;
  /**
   * The users who may own the socket, besides the caller's own and root. Needed for an agent of another user that allows
   * this one (`--allow-uid`). root connects to every socket.
   * @default []
   */
  serverUid?: number | readonly number[] | undefined;
  /**
   * How long connecting is retried while no process listens or the kernel's queue is full, in milliseconds. An accepted
   * connection then waits as long as the agent takes to start.
   * @default 1000
   */
  activationMs?: number | undefined;
  /**
   * How long the handshake may take, including the start of the agent, in milliseconds.
   * @default 30000
   */
  handshakeMs?: number | undefined;
  /**
   * Whether values that JSON does not have travel in MessagePack: Uint8Array, Date, Map, Set, BigInt, NaN and Infinity. Without
   * it the client speaks JSON alone, in which a Date is text and the others are refused.
   * @default true
   */
  messagePack?: boolean | undefined;
  /**
   * The maximum length of a reply, in bytes.
   * @default 67108864
   */
  maxFrameBytes?: number | undefined;
  /**
   * For a service on NATS: how long an instance with open calls may stay silent before it counts as lost, in milliseconds. One
   * that has ended is noticed earlier; this is for a machine that has, and for a network that is interrupted. An instance whose
   * main thread has no processor for so long counts as lost too: on machines with too much work, allow more.
   * @default 900
   */
  lostAfterMs?: number | undefined;
  /**
   * For a service on NATS: options for `connect()` of `@nats-io/transport-node`, such as `authenticator`, `tls` or `inboxPrefix`;
   * or a connection that is open, which several clients may share. Closing the client leaves such a connection open.
   * @default what the target and the environment say
   */
  nats?: NatsOptions | NatsConnection | undefined;
};
