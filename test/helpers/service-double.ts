/** A service in memory for sessions on NATS: its instances are pairs of streams, and do what the test says. */
import { type Duplex, duplexPair } from 'node:stream';
import type { Service, ServiceLink } from '../../src/client/nats/service.ts';
import { encodeClosing } from '../../wire/closing.ts';
import { encodeFrame, payloadStart } from '../../wire/frame.ts';
import { createFrameReader } from '../../wire/frame-reader.ts';

type LinkDouble = { -readonly [Name in keyof ServiceLink['stream']]: ServiceLink['stream'][Name] };

export type InstanceDouble = {
  readonly name: string;
  /** The payloads that it has received, in order, on all its links. */
  readonly received: string[];
  /** Of all links, since the session may have lost one. */
  readonly links: { stream: Duplex; reply(payload: string): void }[];
  /** What its links were told of open requests. */
  readonly busy: readonly boolean[];
  /** Whether it answers when instances are looked for. */
  isFound: boolean;
  reply(payload: string): void;
  /** Says how many places it has. */
  grant(places: number): void;
  /** Sends the closing notice. */
  leave(framesRun: number): void;
  /** The instance, or the way to it, is lost. */
  lose(undeliveredFrom?: number): void;
};

export type ServiceDouble = Service & {
  readonly searches: number;
  add(name: string, onFrame?: (payload: string, instance: InstanceDouble) => void, places?: number): InstanceDouble;
  readonly isKeptAlive: boolean;
  readonly isClosed: boolean;
};

export function createServiceDouble(): ServiceDouble {
  const instances = new Map<string, InstanceDouble>();
  const opened = new Map<string, () => ServiceLink>();
  let [searches, isKeptAlive, isClosed] = [0, false, false];
  return {
    place: 'nats://double/name',
    onClose: undefined,
    get searches() {
      return searches;
    },
    get isKeptAlive() {
      return isKeptAlive;
    },
    get isClosed() {
      return isClosed;
    },
    add(name, onFrame = () => undefined, places = 100) {
      const links: { stream: Duplex; near: LinkDouble; reply(payload: string): void }[] = [];
      const last = () => links.at(-1) as (typeof links)[number];
      const busy: boolean[] = [];
      const instance: InstanceDouble = {
        ...{ name, received: [], links, busy, isFound: true },
        reply: (payload) => last().reply(payload),
        grant(count) {
          last().near.places = count;
          last().near.onPlaces?.();
        },
        leave: (framesRun) => void last().stream.end(encodeClosing(framesRun)),
        lose(undeliveredFrom) {
          last().near.undeliveredFrom = undeliveredFrom;
          last().near.destroy(new Error('no heartbeat'));
        },
      };
      instances.set(name, instance);
      opened.set(name, () => {
        const [side, far] = duplexPair();
        const near: LinkDouble = Object.assign(side, { places, onPlaces: undefined, undeliveredFrom: undefined });
        const reply = (payload: string): void => {
          if (far.writable) far.write(encodeFrame(Buffer.from(payload)));
        };
        links.push({ stream: far, near, reply });
        const reader = createFrameReader({ maxRunFrames: 1 });
        far.on('error', () => undefined);
        far.on('data', (chunk: Buffer) =>
          reader.push(chunk, (run) => {
            // After the closing notice, it runs nothing.
            if (!far.writable) return;
            const payload = String(run.subarray(payloadStart(run, 0)));
            instance.received.push(payload);
            onFrame(payload, instance);
          }),
        );
        return { stream: near, setBusy: (on) => void busy.push(on) };
      });
      return instance;
    },
    async discover(onFound) {
      searches += 1;
      await undefined;
      for (const { name, isFound } of instances.values()) if (isFound) onFound(name);
    },
    async open(name) {
      return (opened.get(name) as () => ServiceLink)();
    },
    keepAlive(on) {
      isKeptAlive = on;
    },
    close() {
      isClosed = true;
    },
  };
}
