/** One instance of a service, as a session has it: the connection over its link, and the frames that it has. */
import type { LaunchpoolError } from '../../../wire/errors.ts';
import type { ConnectOptions } from '../connect-options.ts';
import { closedByAgent } from '../connection-errors.ts';
import type { FrameOrigin, SendFacts } from '../session-types.ts';
import { createClientHandshake, overStream, type Transport } from '../transport.ts';
import { createUnconfirmedFrames, type SentFrame } from '../unconfirmed-frames.ts';
import { type Balance, InstanceLoad, type Load } from './balance.ts';
import type { ServiceLink } from './service.ts';

/** A frame of a session on NATS. */
export type ServiceFrame = SentFrame & {
  readonly facts: SendFacts;
  /** The instance that has it; undefined while it waits. */
  member: Member | undefined;
  load: Load | undefined;
  /** Whether values of its reply have arrived. */
  isRead: boolean;
  /** How often it was sent to an instance that was then lost. */
  losses: number;
  /** Where its last byte is in what was sent to the instance. */
  endByte: number;
};

/** Of a short frame, and what the first one has beside it: wire/closing.ts. */
const HEADER_BYTES = 4;
const LONG_FORM_BYTES = 8;

export type MemberEvents = {
  onFrame: (payload: Buffer, from: FrameOrigin) => void;
  /** It has a place that it did not have before. */
  onPlace: () => void;
  /** Called once, when it takes no further frame. */
  onEnd: (end: MemberEnd) => void;
};

export type MemberEnd = {
  /** A frame that the instance has refused. */
  refused?: ServiceFrame | undefined;
  /** Frames that the instance has surely not run, in order. */
  unrun: readonly ServiceFrame[];
  /** Requests without an outcome, which it may have run. */
  lost: readonly ServiceFrame[];
  reason: LaunchpoolError;
  /** Whether the instance has said that it leaves. */
  isGraceful: boolean;
  /** Whether it has sent a frame: an instance that ends a conversation before that would do so again. */
  isHeard: boolean;
};

/** What an instance has said of the frames without an answer when it ends the conversation. */
type LastWord = {
  /** By the closing notice. */
  framesRun?: number;
  /** It has refused to go on, after the replies to all that it had run. */
  isRefusal?: boolean;
};

export class Member implements FrameOrigin {
  readonly instance: string;
  readonly load: InstanceLoad;
  readonly #events: MemberEvents;
  /** Requests without an outcome, in the order in which they were sent. */
  readonly #open = new Set<ServiceFrame>();
  readonly #unconfirmed = createUnconfirmedFrames();
  #transport: Transport | undefined;
  #link: ServiceLink | undefined;
  #framesSent = 0;
  /** At most what was sent: a handshake is left out. */
  #bytesSent = LONG_FORM_BYTES;
  #isOver = false;
  #isHeard = false;

  constructor(instance: string, balance: Balance, events: MemberEvents) {
    this.instance = instance;
    this.load = new InstanceLoad(balance);
    this.#events = events;
  }

  /** @throws what the handshake throws. */
  async start({ link, place }: { link: ServiceLink; place: string }, options: ConnectOptions): Promise<void> {
    const handshake = await createClientHandshake(options);
    const source = link.stream;
    source.onPlaces = () => {
      this.load.grant(source.places);
      if (this.load.hasPlace) this.#events.onPlace();
    };
    this.load.grant(source.places);
    this.#link = link;
    const stream = { stream: source, place: `${place}, instance ${this.instance}`, handshake };
    const transport = await overStream({ ...stream, keepAlive: () => undefined }, options, {
      onFrame: (payload) => {
        this.#events.onFrame(payload, this);
        this.#isHeard = true;
      },
      onClosing: (framesRun) => this.#end(closedByAgent(stream.place), { framesRun }),
      onClose: (reason) => this.#end(reason),
    });
    if (this.#isOver) transport.close();
    else this.#transport = transport;
  }

  /** Whether it can take frames. */
  get isReady(): boolean {
    return this.#transport !== undefined && !this.#isOver && this.#link?.stream.destroyed === false;
  }

  /** Of the requests without an answer, the one that was sent first. */
  get oldest(): ServiceFrame | undefined {
    return this.#open.values().next().value;
  }

  /** The requests without an outcome. */
  get open(): Iterable<ServiceFrame> {
    return this.#open;
  }

  has(sent: SentFrame): boolean {
    return (sent as ServiceFrame).member === this;
  }

  fail(reason: LaunchpoolError): void {
    this.#end(reason);
  }

  refuse(reason: LaunchpoolError): void {
    this.#end(reason, { isRefusal: true });
  }

  send(sent: ServiceFrame, nowMs: number): void {
    sent.member = this;
    sent.index = this.#framesSent;
    this.#unconfirmed.add(sent);
    if (!sent.isNotification) {
      this.#open.add(sent);
      if (this.#open.size === 1) this.#link?.setBusy(true);
      sent.load = this.load.sent(sent.facts.method ?? '', nowMs);
    }
    this.sendNow(sent.payload);
    sent.endByte = this.#bytesSent;
    // As for a socket: a notification has been read when so much was sent behind it.
    this.#unconfirmed.trim(this.#transport?.unsentBytes ?? 0);
  }

  /** Sends a frame that is never sent again. */
  sendNow(payload: Uint8Array): void {
    this.#framesSent += 1;
    this.#bytesSent += HEADER_BYTES + payload.length;
    this.#transport?.send(payload);
  }

  markRead(sent: ServiceFrame, nowMs: number): void {
    sent.isRead = true;
    this.#unconfirmed.markAnswered(sent);
    if (sent.load !== undefined) this.load.answered(sent.load, nowMs);
  }

  /** The request has its reply. */
  markAnswered(sent: ServiceFrame, nowMs: number, isError: boolean): void {
    if (isError && sent.load !== undefined) this.load.failed(sent.load, nowMs);
    this.markRead(sent, nowMs);
    this.release(sent);
  }

  /** A request has its outcome, or its caller does not wait for it. */
  release(sent: ServiceFrame): void {
    this.#unconfirmed.discard(sent);
    if (!this.#open.delete(sent) || sent.load === undefined) return;
    this.load.ended(sent.load);
    if (this.#open.size === 0) this.#link?.setBusy(false);
    if (this.load.hasPlace) this.#events.onPlace();
  }

  close(): void {
    this.#isOver = true;
    this.#transport?.close();
  }

  #end(reason: LaunchpoolError, { framesRun, isRefusal = false }: LastWord = {}): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#transport?.close();
    const undeliveredFrom = this.#link?.stream.undeliveredFrom ?? Number.POSITIVE_INFINITY;
    const hasNotRun = ({ index, endByte }: ServiceFrame): boolean =>
      isRefusal || (framesRun === undefined ? endByte > undeliveredFrom : index >= framesRun);
    const isBusy = reason.code === 'ERR_LAUNCHPOOL_BUSY';
    // A conversation is refused as a whole while the instance is busy, otherwise for the first frame that it has not answered.
    const refused = isRefusal && !isBusy ? this.oldest : undefined;
    if (refused !== undefined) this.#unconfirmed.markAnswered(refused);
    const unrun = (this.#unconfirmed.all() as ServiceFrame[]).filter(hasNotRun);
    for (const sent of refused === undefined ? unrun : [refused, ...unrun]) this.#open.delete(sent);
    const isGraceful = framesRun !== undefined;
    this.#events.onEnd({ refused, unrun, lost: [...this.#open], reason, isGraceful, isHeard: this.#isHeard });
  }
}
