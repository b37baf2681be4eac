/** The slow-client timeout, on a clock of the test. */
import test from 'ava';
import fc from 'fast-check';
import {
  BYTES_PER_SECOND,
  FRAME_MS,
  SlowClientTimeout,
  UNREAD_MS,
} from '../../../../src/agent/connections/slow-client-timeout.ts';

const MIB = 1024 * 1024;

/** The checked figures of a connection. */
class Figures {
  heldBytes = 0;
  announcedBytes = 0;
  writableLength = 0;
  bytesWritten = 0;
  paused = false;
  isPaused(): boolean {
    return this.paused;
  }
}

function timeoutFor(figures: Partial<Figures>): { figures: Figures; slowClientTimeout: SlowClientTimeout } {
  const all = Object.assign(new Figures(), figures);
  return { figures: all, slowClientTimeout: new SlowClientTimeout(all, all) };
}

test('a short frame may take 30 seconds', (t) => {
  const { figures, slowClientTimeout } = timeoutFor({ heldBytes: 4, announcedBytes: 100 });
  t.is(slowClientTimeout.check(5_000, 3, true), undefined);
  t.true(slowClientTimeout.isProgressing);
  figures.heldBytes = 90;
  t.is(slowClientTimeout.check(5_000 + FRAME_MS, 3, true), undefined);
  t.is(slowClientTimeout.check(5_000 + FRAME_MS + 2, 3, true), 'slow-frame');
  t.false(slowClientTimeout.isProgressing);
});

test('a long frame may take one second more per announced 64 KiB', (t) => {
  const { figures, slowClientTimeout } = timeoutFor({ heldBytes: 1, announcedBytes: 64 * MIB });
  const longest = FRAME_MS + (64 * MIB * 1000) / BYTES_PER_SECOND;
  t.is(longest, 30_000 + 1_024_000);
  slowClientTimeout.check(0, 0, true);
  figures.heldBytes = 64 * MIB - 1;
  t.is(slowClientTimeout.check(longest, 0, true), undefined);
  t.is(slowClientTimeout.check(longest + 1, 0, true), 'slow-frame');
});

test('each frame has its own time limit', (t) => {
  const { slowClientTimeout } = timeoutFor({ heldBytes: 4, announcedBytes: 100 });
  for (let frame = 0; frame < 20; frame += 1) t.is(slowClientTimeout.check(frame * FRAME_MS, frame, true), undefined);
});

test('time in which the agent does not read does not count', (t) => {
  const { figures, slowClientTimeout } = timeoutFor({ heldBytes: 4, announcedBytes: 100, paused: true });
  for (const now of [0, 10 * FRAME_MS, 20 * FRAME_MS]) t.is(slowClientTimeout.check(now, 0, true), undefined);
  figures.paused = false;
  t.is(slowClientTimeout.check(21 * FRAME_MS, 0, true), undefined, 'the time starts again when the agent reads on');
  t.is(slowClientTimeout.check(21 * FRAME_MS + 2, 0, true), 'slow-frame');
});

test('a frame that the agent no longer reads has no time limit', (t) => {
  const { slowClientTimeout } = timeoutFor({ heldBytes: 4, announcedBytes: 100 });
  for (const now of [0, 10 * FRAME_MS]) t.is(slowClientTimeout.check(now, 0, false), undefined);
  t.false(slowClientTimeout.isProgressing);
});

test('a slow frame counts as progress for 30 seconds only, whatever length its header announces', (t) => {
  const { figures, slowClientTimeout } = timeoutFor({ heldBytes: 4, announcedBytes: 64 * MIB });
  slowClientTimeout.check(0, 0, true);
  for (let seconds = 5; seconds <= 300; seconds += 5) {
    figures.heldBytes += 5;
    t.is(slowClientTimeout.check(seconds * 1000, 0, true), undefined);
    t.is(slowClientTimeout.isProgressing, seconds <= 30);
  }
});

test('a fast upload counts as progress from its first byte to its last, and never exceeds its time', (t) => {
  const property = fc.property(
    fc.integer({ min: 1, max: 256 * MIB }),
    fc.integer({ min: BYTES_PER_SECOND, max: 100 * MIB }),
    fc.integer({ min: 1, max: 10_000 }),
    (announcedBytes, bytesPerSecond, everyMs) => {
      const { figures, slowClientTimeout } = timeoutFor({ heldBytes: 1, announcedBytes });
      for (let now = 0, sent = 1; sent < announcedBytes; now += everyMs) {
        figures.heldBytes = Math.min(announcedBytes, Math.ceil(sent));
        if (slowClientTimeout.check(now, 0, true) !== undefined || !slowClientTimeout.isProgressing) return false;
        sent += (bytesPerSecond * Math.max(everyMs, 1_000)) / 1000;
      }
      return true;
    },
  );
  fc.assert(property, { numRuns: 50 });
  t.pass();
});

test('a client that reads nothing for a minute while replies wait is too slow', (t) => {
  const { slowClientTimeout } = timeoutFor({ writableLength: 100, bytesWritten: 1_000 });
  t.is(slowClientTimeout.check(7_000, 0, true), undefined);
  t.is(slowClientTimeout.check(7_000 + UNREAD_MS - 1, 0, true), undefined);
  t.false(slowClientTimeout.isProgressing);
  t.is(slowClientTimeout.check(7_000 + UNREAD_MS, 0, true), 'unread');
});

test('a client that reads, however little, makes progress', (t) => {
  const { figures, slowClientTimeout } = timeoutFor({ writableLength: 1_000, bytesWritten: 2_000 });
  for (let now = 0; now < 20 * UNREAD_MS; now += UNREAD_MS - 1) {
    figures.writableLength -= 1;
    t.is(slowClientTimeout.check(now, 0, true), undefined);
    t.true(slowClientTimeout.isProgressing);
  }
});

test('a client that has read all replies has no time limit', (t) => {
  const { figures, slowClientTimeout } = timeoutFor({ writableLength: 100, bytesWritten: 100 });
  slowClientTimeout.check(0, 0, true);
  figures.writableLength = 0;
  t.is(slowClientTimeout.check(2 * UNREAD_MS, 0, true), undefined);
  // The time of new replies starts now.
  Object.assign(figures, { writableLength: 100, bytesWritten: 200 });
  t.is(slowClientTimeout.check(2 * UNREAD_MS + 1, 0, true), undefined);
  t.is(slowClientTimeout.check(3 * UNREAD_MS - 1, 0, true), undefined);
  t.is(slowClientTimeout.check(3 * UNREAD_MS + 1, 0, true), 'unread');
});

test('while replies are unread everywhere, a client that reads too slowly is closed; one that keeps the rate is not', (t) => {
  for (const [bytesPerSecond, isClosed] of [
    [BYTES_PER_SECOND / 10, true],
    [BYTES_PER_SECOND, false],
  ] as const) {
    const { figures, slowClientTimeout } = timeoutFor({ writableLength: 64 * MIB, bytesWritten: 64 * MIB });
    const readFor = (seconds: number, replies: boolean): unknown => {
      let reason: unknown;
      for (let at = 0; at < seconds && reason === undefined; at += 5) {
        figures.writableLength -= 5 * bytesPerSecond;
        now += 5_000;
        reason = slowClientTimeout.check(now, 0, true, { replies });
      }
      return reason;
    };
    let now = 0;
    slowClientTimeout.check(now, 0, true);
    t.is(readFor(300, false), undefined);
    t.is(readFor(300, true), isClosed ? 'unread' : undefined);
  }
});

test('a frame for which others wait must keep its rate', (t) => {
  const { figures, slowClientTimeout } = timeoutFor({ heldBytes: 4, announcedBytes: 64 * MIB });
  slowClientTimeout.check(0, 0, true, { frame: true });
  figures.heldBytes = 100;
  t.is(slowClientTimeout.check(FRAME_MS, 0, true, { frame: true }), undefined);
  t.is(slowClientTimeout.check(FRAME_MS + 5_000, 0, true, { frame: false }), undefined);
  t.is(slowClientTimeout.check(FRAME_MS + 5_000, 0, true, { frame: true }), 'slow-frame');
});
