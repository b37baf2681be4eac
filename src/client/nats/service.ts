/** What a session on NATS needs of the service that it calls. Types only. */
import type { Duplex } from 'node:stream';
import type { LaunchpoolError } from '../../../wire/errors.ts';

/** A conversation with one instance: see src/nats/link.ts. */
export type ServiceLink = {
  /** It is destroyed with an error when the instance, or the way to it, is lost. */
  readonly stream: Duplex & {
    /** What the instance has said of its free places. */
    readonly places: number;
    /** Called when it has said so again. */
    onPlaces: (() => void) | undefined;
    /** Once it is destroyed: no byte from here on has reached the instance. Undefined if that is not known. */
    readonly undeliveredFrom: number | undefined;
  };
  /** Says whether requests are open: then a lost instance is noticed within a second. */
  setBusy(on: boolean): void;
};

export type Service = {
  /** For errors and people, such as `nats://host/name`. */
  readonly place: string;
  /**
   * Asks which instances there are. Resolves when all have had time to answer.
   * @param onFound called for each as it answers, with its id.
   */
  discover(onFound: (instance: string) => void): Promise<void>;
  /** @throws what prevents a conversation with this instance. */
  open(instance: string): Promise<ServiceLink>;
  /** Called once if no further conversation is possible. */
  onClose: ((reason: LaunchpoolError) => void) | undefined;
  /** Whether it keeps the process alive. */
  keepAlive(on: boolean): void;
  close(): void;
};
