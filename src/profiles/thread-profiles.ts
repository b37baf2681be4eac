/**
 * Profiles of the worker threads: they begin when a thread starts and are written when it ends, or the agent does. The main
 * thread steers them through Node's inspector protocol, in its domain NodeWorker
 * (https://nodejs.org/api/inspector.html), which reaches a thread in the midst of its JavaScript: so a thread needs no code
 * for it, and one that is terminated, or dies of an error, waits until its profile is taken.
 */
import { writeFile } from 'node:fs/promises';
import inspector from 'node:inspector';
import { setTimeout as wait } from 'node:timers/promises';
import { type Profile, toOriginalLines } from './original-lines.ts';

export type ProfileKind = 'cpu' | 'heap';

export type ProfileOptions = {
  kinds: readonly ProfileKind[];
  /** How the paths of the files begin, such as `/home/me/rot13`. */
  prefix: string;
};

export type ProfileEvents = {
  /** @param thread the id that Node gives the thread. */
  onWritten: (kind: ProfileKind, thread: string, path: string) => void;
  onFailed: (kind: ProfileKind, thread: string, reason: string) => void;
};

export type ThreadProfiles = {
  /** Writes the profiles of the threads that are left. */
  end(): Promise<void>;
};

/** A heap profile has what is in use when it ends, by the functions that have allocated it. */
const COMMANDS = {
  cpu: { start: ['Profiler.enable', 'Profiler.start'], stop: 'Profiler.stop' },
  heap: { start: ['HeapProfiler.startSampling'], stop: 'HeapProfiler.stopSampling' },
} as const;

/** Time that a thread has to hand its profile over. Only native code, such as execSync(), does not let it. */
const ANSWER_MS = 3_000;

/** A message of the protocol. */
type Message = { id?: number; method?: string; result?: { profile?: Profile }; error?: { message: string } };

type Attached = {
  receive(message: Message): void;
  /** Writes the profiles of the thread; once, however often it is called. */
  end(): Promise<void>;
};

/**
 * Profiles the threads that run, and those that start from now on.
 * @param sourcesPath the file of compiled sources that `launchpool dev` has written.
 */
export function profileThreads(
  { kinds, prefix }: ProfileOptions,
  { onWritten, onFailed }: ProfileEvents,
  sourcesPath: string,
): ThreadProfiles {
  const session = new inspector.Session();
  const threads = new Map<string, Attached>();
  const ends = new Set<Promise<void>>();

  function attach(sessionId: string, thread: string): Attached {
    const replies = new Map<number, (message: Message) => void>();
    let lastId = 0;
    let ended: Promise<void> | undefined;

    function ask(method: string, params: object = {}): Promise<Message> {
      lastId += 1;
      const { promise, resolve } = Promise.withResolvers<Message>();
      replies.set(lastId, resolve);
      const message = JSON.stringify({ id: lastId, method, params });
      session.post('NodeWorker.sendMessageToWorker', { sessionId, message }, (error) => {
        if (error !== null) resolve({ error });
      });
      return promise;
    }

    async function take(kind: ProfileKind): Promise<Message> {
      const answered = new AbortController();
      const late = wait(ANSWER_MS, { error: { message: 'the thread does not leave its native code' } }, answered);
      const message = await Promise.race([ask(COMMANDS[kind].stop), late.catch(() => ({}))]);
      answered.abort();
      return message;
    }

    async function writeAll(): Promise<void> {
      const taken = await Promise.all(kinds.map(take));
      // Not earlier: the thread may be gone then.
      session.post('NodeWorker.detach', { sessionId }, () => undefined);
      threads.delete(sessionId);
      for (const [at, kind] of kinds.entries()) {
        try {
          const { result, error } = taken[at] as Message;
          if (result?.profile === undefined) throw new Error(error?.message ?? 'the thread has none');
          toOriginalLines(result.profile, sourcesPath);
          onWritten(kind, thread, await write(result.profile, `${prefix}-thread${thread}-${timeStamp()}`, kind));
        } catch (error) {
          onFailed(kind, thread, (error as Error).message);
        }
      }
    }

    function end(): Promise<void> {
      if (ended !== undefined) return ended;
      const all = writeAll();
      ended = all;
      ends.add(all);
      void all.then(() => ends.delete(all));
      return all;
    }

    // Node holds the end of the thread for this session, whatever the thread ends of.
    void ask('NodeRuntime.notifyWhenWaitingForDisconnect', { enabled: true });
    for (const method of kinds.flatMap((kind) => COMMANDS[kind].start)) void ask(method);
    void ask('Runtime.runIfWaitingForDebugger');
    return {
      receive({ id, method, ...reply }) {
        if (id !== undefined) replies.get(id)?.(reply);
        else if (method === 'NodeRuntime.waitingForDisconnect') void end();
      },
      end,
    };
  }

  session.on('NodeWorker.attachedToWorker', ({ params: { sessionId, workerInfo } }) => {
    const [thread = workerInfo.workerId] = /\d+/.exec(workerInfo.title) ?? [];
    threads.set(sessionId, attach(sessionId, thread));
  });
  session.on('NodeWorker.receivedMessageFromWorker', ({ params: { sessionId, message } }) => {
    threads.get(sessionId)?.receive(JSON.parse(message));
  });
  session.connect();
  session.post('NodeWorker.enable', { waitForDebuggerOnStart: true });

  return {
    async end() {
      for (const thread of threads.values()) void thread.end();
      while (ends.size > 0) await Promise.all(ends);
    },
  };
}

/** Writes over no other file. Returns the path. */
async function write(profile: Profile, name: string, kind: ProfileKind): Promise<string> {
  for (let number = 1; ; number += 1) {
    const path = `${name}${number === 1 ? '' : `-${number}`}.${kind}profile`;
    try {
      await writeFile(path, JSON.stringify(profile), { flag: 'wx' });
      return path;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** The local time, such as 20261130T120005. */
function timeStamp(): string {
  const now = new Date();
  const local = new Date(now.getTime() - now.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19).replace(/[-:]/g, '');
}
