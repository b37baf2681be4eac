/**
 * Whether a connection to NATS keeps the process alive. The packages of NATS have no function for it: its socket and the timer
 * of its pings are reached in their objects. Where these have another form, the process stays until the client is closed.
 */
import type { NatsConnection } from '../../nats/nats-types.ts';

type Referenced = { ref?(): unknown; unref?(): unknown } | undefined;

type Inside = {
  protocol?: { transport?: { socket?: Referenced }; heartbeats?: { timer?: Referenced } };
};

export type KeepAlive = (on: boolean) => void;

export function createKeepAlive(nats: NatsConnection): KeepAlive {
  let isOn = false;

  function apply(): void {
    const { protocol } = nats as Inside;
    for (const each of [protocol?.transport?.socket, protocol?.heartbeats?.timer]) {
      if (isOn) each?.ref?.();
      else each?.unref?.();
    }
  }

  /** A reconnection has another socket, and each ping another timer. */
  async function follow(): Promise<void> {
    for await (const _status of nats.status()) setImmediate(apply);
  }

  void follow();
  apply();
  return (on) => {
    isOn = on;
    apply();
  };
}
