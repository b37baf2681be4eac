/** Where a reply queue sends to. Types only. */
import type { PlainError } from '../../../wire/errors.ts';
import type { Peer } from '../../../workers/request-facts.ts';
import type { Contained } from './containment.ts';

/**
 * Keeps bytes valid after the call that passed them. To be called during that call, at most once.
 * @returns the function that releases the bytes.
 */
export type Retain = () => () => void;

/** A connection. */
export type ReplySink = Contained & {
  /** Who has connected, of a conversation; undefined over TCP. */
  readonly peer?: Peer | undefined;
  /**
   * Sends whole frames. The bytes are valid until it returns.
   * @param retain keeps them valid until they are released.
   */
  send(frames: Uint8Array, retain?: Retain): void;
  /** Sends whole frames of a stream, whose bytes do not change. `onTaken` is called when the kernel has taken them. */
  sendPart(frames: Uint8Array, onTaken: () => void): void;
  /** Closes the connection behind the replies before it: a raw agent has no error reply. */
  fail(error: PlainError): void;
  /** Called each time requests have been settled. May end the connection. */
  settled(): void;
  /** Pauses the connection, or reads on, as the agent has room. */
  balance(): void;
  /** Whether replies pile up because the client does not read them. */
  isWriteBlocked(): boolean;
};
