/** Frames that have arrived in part: their bytes count, and at the limit only the oldest is read on. */
import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import {
  createIncomingFrames,
  type IncomingFrames,
  IncomingPart,
} from '../../../../src/agent/connections/incoming-frames.ts';

type Client = {
  part: IncomingPart;
  reads: boolean;
  receive(...parts: number[]): void;
  balance(): void;
  isBlocked: boolean;
};

function createRig(maxBytes: number): { frames: IncomingFrames; counted: () => number; open: () => Client } {
  const clients: Client[] = [];
  let counted = 0;
  const frames = createIncomingFrames({
    maxBytes,
    count(bytes) {
      counted += bytes;
    },
    connections: () => clients,
  });
  function open(): Client {
    const reader = {
      heldBytes: 0,
      drop() {
        reader.heldBytes = 0;
      },
    };
    const client: Client = {
      reads: true,
      isBlocked: false,
      balance() {
        client.reads = client.part.mayRead(client.isBlocked);
      },
      receive(...parts) {
        for (const bytes of parts) {
          reader.heldBytes += bytes;
          client.part.count();
        }
        client.balance();
      },
      part: undefined as never,
    };
    client.part = new IncomingPart(client, reader, frames);
    clients.push(client);
    return client;
  }
  return { frames, counted: () => counted, open };
}

test('below the limit all are read; at the limit only the oldest is, in turn, until a quarter is free again', async (t) => {
  const { frames, counted, open } = createRig(100);
  const [one, two, three, quiet] = [open(), open(), open(), open()];
  one.receive(20);
  two.receive(30);
  three.receive(40);
  t.deepEqual([one.reads, two.reads, three.reads, counted()], [true, true, true, 90]);
  two.receive(10);
  t.deepEqual([one.reads, two.reads, three.reads, quiet.reads, frames.isFull], [true, false, false, true, true]);
  one.receive(400);
  t.true(one.reads, 'the oldest grows beyond the limit');
  one.receive(-420);
  await turn();
  // 80 bytes are more than three quarters of the limit.
  t.deepEqual([two.reads, three.reads, counted()], [true, false, 80]);
  two.receive(-40);
  t.deepEqual([three.reads, frames.isFull, counted()], [true, false, 40]);
});

test('while the limit is reached, connections without a part of a frame read little at a time', (t) => {
  const { open } = createRig(100);
  const [one, quiet] = [open(), open()];
  t.false(quiet.part.readsShort);
  one.receive(100);
  t.deepEqual([quiet.part.readsShort, one.part.readsShort], [true, false]);
});

test('a connection that is not read for other reasons is not the oldest', async (t) => {
  const { open } = createRig(100);
  const [one, two] = [open(), open()];
  one.receive(50);
  two.receive(50);
  t.deepEqual([one.reads, two.reads], [true, false]);
  one.isBlocked = true;
  one.balance();
  await turn();
  t.deepEqual([one.reads, two.reads], [false, true]);
  one.isBlocked = false;
  one.balance();
  t.deepEqual([one.reads, two.reads], [false, true], 'its turn is over');
});

test('a dropped frame counts no more, and the next one is read', async (t) => {
  const { counted, open } = createRig(100);
  const [one, two] = [open(), open()];
  one.receive(60);
  two.receive(80);
  t.false(two.reads);
  one.part.drop();
  one.part.drop();
  await turn();
  t.deepEqual([two.reads, counted()], [true, 80]);
});

test('a connection whose frame has arrived is the youngest with its next one', (t) => {
  const { frames, open } = createRig(100);
  const [one, two] = [open(), open()];
  one.receive(60);
  two.receive(60);
  t.deepEqual([frames.isFull, one.reads, two.reads], [true, true, false]);
  // The end of a frame and the begin of the next one come in one read.
  one.receive(-60, 60);
  two.balance();
  t.deepEqual([frames.isFull, one.reads, two.reads], [true, false, true]);
  t.deepEqual([one.part.isAwaited, two.part.isAwaited], [true, true]);
});
