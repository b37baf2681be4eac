/** The open connections of an agent, and whether one of them should keep it running. */
import type { Connection } from './connection-options.ts';

/** Time for a new client to send its first byte before a shutdown closes its connection, however short `idleMs` is. */
export const FIRST_BYTE_MS = 1_000;

export type OpenConnections = {
  readonly all: ReadonlySet<Connection>;
  /** The number of accepted connections since the start. */
  readonly accepted: number;
  add(connection: Connection): void;
  remove(connection: Connection): void;
  /** Whether a client connected within the last second and has sent nothing. It may be slower than a short `idleMs`. */
  awaitsFirstByte(): boolean;
  /** Whether a frame or a reply of any connection is in progress: see Connection.isProgressing. */
  isProgressing(): boolean;
};

export function createOpenConnections(): OpenConnections {
  const all = new Set<Connection>();
  let accepted = 0;
  let acceptedAt = 0;
  return {
    all,
    get accepted() {
      return accepted;
    },
    add(connection) {
      acceptedAt = performance.now();
      accepted += 1;
      all.add(connection);
    },
    remove(connection) {
      all.delete(connection);
    },
    awaitsFirstByte() {
      if (performance.now() - acceptedAt >= FIRST_BYTE_MS) return false;
      for (const { hasReceivedNothing } of all) if (hasReceivedNothing) return true;
      return false;
    },
    isProgressing() {
      for (const connection of all) if (connection.isProgressing) return true;
      return false;
    },
  };
}
