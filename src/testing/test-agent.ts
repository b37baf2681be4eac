/** What a test gets: types only. */
import type { Agent, AnyMethods, Encoding } from '../client/agent-types.ts';
import type { ConnectOptions } from '../client/connect-options.ts';
import type { RawClient } from '../client/raw.ts';

/** The client of a module: typed methods, or for a raw agent, whose default export is a function, a client of bytes. */
export type ClientOf<Module, In extends Encoding = 'any'> = Module extends { default: (message: never) => unknown }
  ? RawClient
  : Agent<Module, In>;

/** An agent that is running; `await using` closes it at the end of its block. */
export type TestAgent<Module = AnyMethods> = AsyncDisposable & {
  /** A client that is connected. See `connect` and `connectRaw` of `launchpool/client`, which have its operations. */
  readonly client: ClientOf<Module>;
  /**
   * Connects another client, which `close` closes too.
   * @param options those of `launchpool/client`; `authkey` is that of the agent unless another one is given.
   * @throws ERR_LAUNCHPOOL_CONNECT_FAILED, the ERR_LAUNCHPOOL_AUTH_* codes
   */
  connect(options: ConnectOptions & { messagePack: false }): Promise<ClientOf<Module, 'json'>>;
  connect(options?: ConnectOptions): Promise<ClientOf<Module>>;
  /** The path of the agent's socket, for other clients and for child processes. At most 103 bytes. */
  readonly socketPath: string;
  /** The id of the agent's process; undefined while none runs: the next call starts one. */
  pid(): number | undefined;
  /**
   * The lines of the agent's log and of what its module prints, as far as they are among the last 256 KiB. They are still there
   * after `close`.
   */
  readonly log: readonly string[];
  /**
   * Closes the clients, ends the process, waits for its exit, and removes its files. Calls that are open are rejected with
   * ERR_LAUNCHPOOL_CONNECTION_CLOSED. A second call has no further effect.
   */
  close(): Promise<void>;
};
