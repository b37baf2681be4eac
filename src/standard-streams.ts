/** Standard output and error of the process: the log and the console of the module write to them through log-output.ts. */
import { fstatSync, type Stats } from 'node:fs';
import { Writable } from 'node:stream';
import { createLogOutput, type LogOutput, openSinkOf } from './log-output.ts';

const [STDOUT, STDERR] = [1, 2] as const;

export const standardError: LogOutput = createLogOutput(() => openSinkOf(STDERR));

/** Usually both descriptors lead to the same place, and lines keep their order there. */
const standardOutput = (): LogOutput =>
  isSamePlace(STDOUT, STDERR) ? standardError : createLogOutput(() => openSinkOf(STDOUT));

let isGuarded = false;

/**
 * Has process.stdout and process.stderr, through which the console of worker threads passes, never wait for a reader.
 * Node makes the streams when they are first used; loading them is too slow to do before the first request.
 */
export function guardStandardStreams(): void {
  if (isGuarded) return;
  isGuarded = true;
  guard('stderr', STDERR, () => standardError);
  guard('stdout', STDOUT, standardOutput);
}

function guard(name: 'stdout' | 'stderr', fd: number, outputOf: () => LogOutput): void {
  const descriptor = Object.getOwnPropertyDescriptor(process, name);
  let stream: Writable | undefined;
  Object.defineProperty(process, name, {
    configurable: true,
    enumerable: true,
    get() {
      stream ??= guarded(descriptor?.get?.bind(process) ?? (() => descriptor?.value), fd, outputOf());
      return stream;
    },
  });
}

function guarded(original: () => Writable, fd: number, output: LogOutput): Writable {
  const write: NonNullable<ConstructorParameters<typeof Writable>[0]>['write'] = (chunk, _encoding, callback) => {
    output.write(chunk);
    callback();
  };
  // The log ends standardError itself.
  if (output !== standardError) process.once('exit', output.end);
  const stats = statOf(fd);
  // For these, Node's own stream would set O_NONBLOCK on the descriptor, also for other processes that have it.
  if (stats?.isFIFO() || stats?.isSocket()) return Object.assign(new Writable({ write }), { fd });
  return Object.assign(original(), { _write: write, _writev: undefined }).on('error', () => undefined);
}

function isSamePlace(one: number, other: number): boolean {
  const [a, b] = [statOf(one), statOf(other)];
  return a !== undefined && a.ino === b?.ino && a.dev === b.dev;
}

function statOf(fd: number): Stats | undefined {
  try {
    return fstatSync(fd);
  } catch {
    // Closed: nothing is written to it.
    return undefined;
  }
}
