/** Clients that have ended their direction: those that are gone are found, however many there are, at a bounded cost. */
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import test from 'ava';
import { CHECKED_SOCKETS, createHalfClosed } from '../../../../src/agent/connections/half-closed.ts';
import { until } from '../../../helpers/until.ts';

class FakeSocket extends EventEmitter {
  readonly _handle: { fd: number };
  destroyed = false;

  constructor(fd: number) {
    super();
    this._handle = { fd };
  }

  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

test('a check asks about a bounded number of sockets, and each socket has its turn', async (t) => {
  const asked: number[][] = [];
  let isSameCheck = false;
  const halfClosed = createHalfClosed((fd) => {
    if (!isSameCheck) {
      asked.push([]);
      isSameCheck = true;
      queueMicrotask(() => {
        isSameCheck = false;
      });
    }
    asked.at(-1)?.push(fd);
    return fd % 7 === 0;
  });
  const sockets = Array.from({ length: 2 * CHECKED_SOCKETS + 10 }, (_unused, fd) => new FakeSocket(fd));
  for (const socket of sockets) halfClosed.add(socket as unknown as Socket);
  await until(() => sockets.every(({ destroyed, _handle: { fd } }) => destroyed === (fd % 7 === 0)));
  t.true(asked.every(({ length }) => length <= CHECKED_SOCKETS));
  for (const socket of sockets) socket.destroy();
});
