/** The instances of a service that a session is connected to: finds them, joins them, and looks for others when it needs to. */
import { LaunchpoolError } from '../../../wire/errors.ts';
import type { ConnectOptions } from '../connect-options.ts';
import type { FrameOrigin } from '../session-types.ts';
import { Balance } from './balance.ts';
import { Member, type MemberEnd, type ServiceFrame } from './member.ts';
import type { Service } from './service.ts';
import { noInstance } from './service-errors.ts';

/** More would not share the load better, and each is a conversation with heartbeats. */
const MAX_MEMBERS = 16;
/** How often instances are looked for while there are calls. */
const REFRESH_MS = 3_000;
/** The least time between two searches for a place. */
const SEEK_MS = 500;
/** An instance that has said that it leaves is not joined again; it may still answer for a moment. */
const ABSENT_MS = 10_000;
/** An instance that ends conversations at once is asked again after this time: it may have as many as it takes. */
const REFUSED_MS = 1_000;

export type MembersEvents = {
  onFrame: (payload: Buffer, from: FrameOrigin) => void;
  /** An instance has a place, or has joined. */
  onPlace: () => void;
  onEnd: (instance: string, end: MemberEnd) => void;
  /** Instances were looked for, and there is none. */
  onNone: (cause: unknown) => void;
  /** Whether frames wait for an instance. */
  isNeeded: () => boolean;
};

/** An instance that is not joined for a while, and why it has refused the last conversation. */
type Absence = { readonly untilMs: number; readonly refusal: LaunchpoolError | undefined };

export class Members {
  readonly #service: Service;
  readonly #options: ConnectOptions;
  readonly #events: MembersEvents;
  readonly #members = new Map<string, Member>();
  readonly #balance = new Balance();
  /** Instances that have left, or have refused a conversation. */
  readonly #absent = new Map<string, Absence>();
  #search: Promise<void> | undefined;
  #searchedMs = Number.NEGATIVE_INFINITY;
  #isUsed = false;
  #isClosed = false;
  #refresh: NodeJS.Timeout | undefined;
  #seek: NodeJS.Timeout | undefined;
  #joinError: unknown;
  /** Whether an instance has ended since the search began, which may have found it. */
  #isStale = false;

  constructor(service: Service, options: ConnectOptions, events: MembersEvents) {
    this.#service = service;
    this.#options = options;
    this.#events = events;
  }

  /** Resolves when one instance can be called. @throws ERR_LAUNCHPOOL_CONNECT_FAILED, or what prevents every conversation */
  async first(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onJoined = resolve;
    await Promise.race([promise, this.#searchOnce()]);
    // The first one may have ended already, while others join.
    if (!this.#hasReady()) await this.#search;
    if (this.#hasReady()) return;
    throw this.#joinError instanceof LaunchpoolError
      ? this.#joinError
      : noInstance(this.#service.place, this.#joinError);
  }

  #onJoined = (): void => undefined;

  /** The instance for the next request; undefined if none has a place. */
  choose(method: string): Member | undefined {
    return this.#balance.choose(this.#ready(), method, performance.now());
  }

  /** There are calls: other instances may have started. */
  noteUse(): void {
    this.#isUsed = true;
    this.#refresh ??= setTimeout(() => {
      this.#refresh = undefined;
      if (!this.#isUsed && !this.#events.isNeeded() && !this.#hasOpen()) return;
      this.#isUsed = false;
      void this.#searchOnce();
      if (this.#events.isNeeded() || this.#hasOpen()) this.noteUse();
    }, REFRESH_MS).unref();
  }

  /** Looks for an instance with a place, at once or a short while after the search before. */
  seek(): void {
    if (this.#isClosed || this.#seek !== undefined || this.#search !== undefined) return;
    const waitMs = this.#hasReady() ? Math.max(0, this.#searchedMs + SEEK_MS - performance.now()) : 0;
    const search = (): void => {
      this.#seek = undefined;
      if (this.#events.isNeeded()) void this.#searchOnce();
    };
    if (waitMs === 0) search();
    else this.#seek = setTimeout(search, waitMs).unref();
  }

  /** The requests that instances have. Nothing can be sent any more. */
  takeOpen(): ServiceFrame[] {
    return [...this.#members.values()].flatMap(({ open }) => [...open]);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#refresh);
    clearTimeout(this.#seek);
    for (const member of this.#members.values()) member.close();
    this.#members.clear();
  }

  #hasReady(): boolean {
    return this.#ready().length > 0;
  }

  #ready(): Member[] {
    return [...this.#members.values()].filter(({ isReady }) => isReady);
  }

  #hasOpen(): boolean {
    return [...this.#members.values()].some(({ load }) => load.open > 0);
  }

  /** One search at a time. Never rejects. */
  #searchOnce(): Promise<void> {
    this.#search ??= this.#runSearch().finally(() => {
      this.#search = undefined;
      this.#searchedMs = performance.now();
      if (this.#isClosed || this.#hasReady() || !this.#events.isNeeded()) return;
      if (this.#isStale) this.seek();
      else this.#events.onNone(this.#joinError);
    });
    return this.#search;
  }

  async #runSearch(): Promise<void> {
    const joining: Promise<void>[] = [];
    this.#joinError = undefined;
    this.#isStale = false;
    try {
      await this.#service.discover((instance) => {
        const absence = this.#absenceOf(instance);
        this.#joinError ??= absence?.refusal;
        const isKnown = this.#members.has(instance) || absence !== undefined;
        if (!isKnown && !this.#isClosed && this.#members.size < MAX_MEMBERS) joining.push(this.#join(instance));
      });
    } catch (error) {
      this.#joinError = error;
    }
    await Promise.all(joining);
  }

  #absenceOf(instance: string): Absence | undefined {
    const absence = this.#absent.get(instance);
    return absence !== undefined && performance.now() < absence.untilMs ? absence : undefined;
  }

  /** Never rejects. */
  async #join(instance: string): Promise<void> {
    const member = new Member(instance, this.#balance, {
      onFrame: this.#events.onFrame,
      onPlace: this.#events.onPlace,
      onEnd: (end) => this.#onEnd(member, end),
    });
    this.#members.set(instance, member);
    try {
      const link = await this.#service.open(instance);
      await member.start({ link, place: this.#service.place }, this.#options);
    } catch (error) {
      this.#joinError = error;
      this.#remove(member);
      return;
    }
    if (this.#isClosed) return member.close();
    this.#onJoined();
    this.#events.onPlace();
  }

  #remove(member: Member): void {
    if (this.#members.get(member.instance) === member) this.#members.delete(member.instance);
  }

  #onEnd(member: Member, end: MemberEnd): void {
    this.#remove(member);
    this.#isStale = true;
    const nowMs = performance.now();
    for (const [instance, { untilMs }] of this.#absent) if (untilMs <= nowMs) this.#absent.delete(instance);
    if (end.isGraceful) this.#absent.set(member.instance, { untilMs: nowMs + ABSENT_MS, refusal: undefined });
    else if (!end.isHeard) this.#absent.set(member.instance, { untilMs: nowMs + REFUSED_MS, refusal: end.reason });
    this.#events.onEnd(member.instance, end);
  }
}
