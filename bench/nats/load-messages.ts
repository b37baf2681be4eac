/** What the question `nats` and its process of clients say to each other, in lines of JSON. Types only. */

export type LoadRequest = {
  url: string;
  /** The name of the service, or the subject of a bare responder. */
  name: string;
  /** `link`: launchpool's client. `service`: plain requests with JSON. `bare`: the text itself. */
  kind: 'link' | 'service' | 'bare';
  connections: number;
  /** Open requests of each connection. */
  depth: number;
  /** Bytes of a request's text. */
  size: number;
  seconds: number;
  warmUpSeconds: number;
  /** Instead of an echo: how long a handler sleeps, and how long that of a slow instance, in milliseconds. */
  sleep?: readonly [number, number];
};

export type LoadFigures = {
  reqPerSec: number;
  p50us: number;
  p99us: number;
  /** Requests by the process of the instance, for handlers that sleep. */
  answers: Record<string, number>;
};

export type LoadReply = LoadFigures | { error: string };
