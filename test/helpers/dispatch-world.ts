/** A model of the dispatcher: connections that send and cancel, and threads that start, finish and exit, in any order. */
import { deepStrictEqual, ok } from 'node:assert/strict';
import fc from 'fast-check';
import { encodeTextFrame } from '../../wire/frame.ts';
import { type AgentKind, claimLong, type MethodOptions } from '../../workers/task.ts';
import {
  type Bench,
  type BenchConnection,
  type BenchTask,
  createBench,
  openConversation,
  runOf,
} from './dispatch-bench.ts';

const CONNECTIONS = 3;

export type Step =
  | { do: 'send'; conversation: number; frames: number; long: boolean; timed: boolean }
  | { do: 'cancel'; conversation: number; nth: number }
  | { do: 'start'; task: number; frames: number }
  | { do: 'finish' | 'late reply' | 'fail'; nth: number }
  | { do: 'complete' | 'crash'; task: number }
  | { do: 'disconnect'; conversation: number }
  | { do: 'wait'; ms: number }
  | { do: 'stop reading' | 'read'; conversation: number };

export const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      conversation: fc.nat(CONNECTIONS - 1),
      frames: fc.integer({ min: 1, max: 90 }),
      long: fc.nat(9).map((die) => die === 0),
      timed: fc.nat(5).map((die) => die === 0),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('cancel' as const), conversation: fc.nat(CONNECTIONS - 1), nth: fc.nat() }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('start' as const),
      task: fc.nat(),
      frames: fc.integer({ min: 1, max: 30 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom('finish' as const, 'finish' as const, 'late reply' as const),
      nth: fc.nat(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('complete' as const), task: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('fail' as const), nth: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const), task: fc.nat() }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('disconnect' as const), conversation: fc.nat(CONNECTIONS - 1) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(4, 4, 25) }) },
);

/** What clients of an agent with limited methods do: they also leave their replies unread for a while. */
export const anyLimitedStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: anyStep },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('stop reading' as const, 'read' as const),
      conversation: fc.nat(CONNECTIONS - 1),
    }),
  },
);

/** The methods of an agent with limits; every other method has none. */
export const LIMITS: MethodOptions = {
  two: { concurrency: 2 },
  one: { concurrency: 1 },
  brief: { concurrency: 2, timeoutMs: 10 },
};
const CALLS = [
  ['two'],
  ['free'],
  ['one'],
  ['two', 'one'],
  ['brief'],
  ['free'],
  ['two'],
  ['one', 'free', 'one'],
] as const;

type Request = { id: string; method: string };

/**
 * A request is `{"id":"<conversation>.<number>",…}`, and its reply is `"<conversation>.<number>"`. Of a batch, only the first
 * request has an id.
 */
const requestsOf = (payload: string): Request[] => [JSON.parse(payload) as Request | Request[]].flat();
const idOf = (payload: string): string => (requestsOf(payload)[0] as Request).id;
const replyTo = (id: string): Buffer => encodeTextFrame(JSON.stringify(id));

/** A request that a thread has started and not finished. */
type StartedRequest = { at: WorkerTask; index: number; id: string; methods: ReadonlySet<string> };
type WorkerTask = { task: BenchTask; completed: boolean; exited: boolean; started: number };

export class World {
  readonly bench: Bench;
  readonly conversations: (BenchConnection & { sent: number; closed: boolean })[];
  readonly workerTasks: WorkerTask[] = [];
  readonly started = new Map<string, number>();
  /** Requests that failed, or were lost with their thread. */
  readonly failed = new Set<string>();
  /** Requests that were cancelled or have a short timeout: the outcome may be an error or a reply. */
  readonly mayFail = new Set<string>();
  /** Requests of `mayFail` that got an error before they started. */
  readonly neverStarted = new Set<string>();
  #open: StartedRequest[] = [];
  /** How many threads have exited with a task. */
  #deaths = 0;
  readonly kind: AgentKind;
  readonly limits: MethodOptions | undefined;

  constructor(kind: AgentKind, limits?: MethodOptions) {
    this.kind = kind;
    this.limits = limits;
    this.bench = createBench({ known: kind, byHand: true, slots: 3, room: 3, dispatcher: { methodOptions: limits } });
    this.conversations = Array.from({ length: CONNECTIONS }, () => ({
      ...openConversation(this.bench),
      sent: 0,
      closed: false,
    }));
  }

  async step(step: Step): Promise<void> {
    switch (step.do) {
      case 'send':
        this.#send(step);
        break;
      case 'cancel':
        this.#cancel(step.conversation, step.nth);
        break;
      case 'start': {
        const at = pick(
          this.workerTasks.filter(({ completed, exited }) => !completed && !exited),
          step.task,
        );
        for (let left = step.frames; at !== undefined && left > 0; left -= 1) this.#start(at);
        break;
      }
      case 'finish':
      case 'late reply':
      case 'fail':
        this.#end(step.do, step.nth);
        break;
      case 'complete':
        await this.#complete(
          pick(
            this.workerTasks.filter(({ completed, exited }) => !completed && !exited),
            step.task,
          ),
        );
        break;
      case 'crash':
        await this.#crash(
          pick(
            this.workerTasks.filter(({ exited }) => !exited),
            step.task,
          ),
        );
        break;
      case 'disconnect': {
        const conversation = this.conversations[step.conversation] as World['conversations'][number];
        conversation.closed = true;
        conversation.conversation.abandon();
        break;
      }
      case 'stop reading':
      case 'read':
        this.#setReading(step.conversation, step.do === 'read');
        break;
      case 'wait':
        await new Promise((resolve) => setTimeout(resolve, step.ms));
    }
    await this.#collectTasks();
  }

  /** Lets threads finish all tasks. */
  async finishAll(): Promise<void> {
    for (const number of this.conversations.keys()) this.#setReading(number, true);
    const isOver = (): boolean => this.bench.dispatcher.requests === 0 && this.#open.length === 0;
    for (let rounds = 0; rounds < 1000 && !isOver(); rounds += 1) {
      for (const at of this.workerTasks) {
        while (!at.exited && !at.completed && this.#start(at));
        if (!at.exited && !at.completed) await this.#complete(at);
      }
      while (this.#open.length > 0) this.#end('late reply', 0);
      await this.#collectTasks();
    }
    // Threads may still have tasks whose requests are settled already, or get them.
    for (let known = -1; known < this.workerTasks.length; ) {
      known = this.workerTasks.length;
      for (const at of this.workerTasks) {
        if (at.completed || at.exited) continue;
        while (this.#start(at));
        await this.#complete(at);
      }
      while (this.#open.length > 0) this.#end('late reply', 0);
      await this.#collectTasks();
    }
  }

  #setReading(number: number, isReading: boolean): void {
    const { end, conversation } = this.conversations[number] as World['conversations'][number];
    end.full = !isReading;
    if (isReading) conversation.resume();
  }

  #send({ conversation: number, frames, long, timed }: Extract<Step, { do: 'send' }>): void {
    const conversation = this.conversations[number] as World['conversations'][number];
    // A connection that is about to close reads nothing more.
    if (conversation.closed || conversation.received.some((text) => text.startsWith('!'))) return;
    const texts = Array.from({ length: frames }, (_unused, index) => {
      const id = `${number}.${conversation.sent + index}`;
      // A raw agent ignores the timeout.
      const timeoutMs = timed && index % 2 === 0 ? 5 : undefined;
      if (timeoutMs !== undefined) this.mayFail.add(id);
      if (this.limits !== undefined)
        return this.#limitedRequest(id, conversation.sent + index, timeoutMs, long && index < 3);
      const method = long && index === 0 ? 'm'.repeat(140_000) : 'm'.repeat((index * 37) % 300);
      return JSON.stringify({ id, method, timeoutMs });
    });
    conversation.sent += frames;
    conversation.conversation.dispatch(runOf(...texts));
  }

  #limitedRequest(id: string, number: number, timeoutMs: number | undefined, isLong: boolean): string {
    const methods = CALLS[(number * 5) % CALLS.length] as readonly string[];
    if (methods.includes('brief')) this.mayFail.add(id);
    const params = isLong ? ['x'.repeat(140_000)] : [];
    const [first, ...others] = methods.map((method, index) => ({ ...(index === 0 && { id }), method, params }));
    return JSON.stringify(others.length === 0 ? { ...first, timeoutMs } : [first, ...others]);
  }

  #cancel(number: number, nth: number): void {
    const conversation = this.conversations[number] as World['conversations'][number];
    if (this.kind === 'raw' || conversation.closed || conversation.sent === 0) return;
    const id = `${number}.${nth % conversation.sent}`;
    this.mayFail.add(id);
    const before = conversation.received.length;
    conversation.conversation.dispatch(
      runOf(JSON.stringify({ jsonrpc: '2.0', method: '$/cancelRequest', params: { id } })),
    );
    const isAnswered = conversation.received.slice(before).some((text) => text.includes('ERR_LAUNCHPOOL_CANCELLED'));
    if (isAnswered && !this.started.has(id)) this.neverStarted.add(id);
  }

  #recordStart(at: WorkerTask, index: number, text: string): boolean {
    const id = idOf(text);
    this.started.set(id, (this.started.get(id) ?? 0) + 1);
    at.started += 1;
    this.#open.push({ at, index, id, methods: new Set(requestsOf(text).map(({ method }) => method)) });
    for (const [method, { concurrency = Number.POSITIVE_INFINITY }] of Object.entries(this.limits ?? {})) {
      const running = this.#open.filter(({ methods }) => methods.has(method)).length;
      ok(running <= concurrency, `${running} requests of ${method} run at once`);
    }
    return true;
  }

  #start(at: WorkerTask): boolean {
    const { task } = at.task;
    if (typeof task === 'number') {
      const started = at.task.worker.start();
      return started !== undefined && this.#recordStart(at, started.index, started.text);
    }
    for (const [index, { claim, request }] of (task ?? []).entries()) {
      if (claimLong(claim, at.task.thread)) return this.#recordStart(at, index, Buffer.from(request).toString());
    }
    return false;
  }

  #end(how: 'finish' | 'late reply' | 'fail', nth: number): void {
    const open = pick(this.#open, nth);
    if (open === undefined) return;
    this.#open = this.#open.filter((other) => other !== open);
    const { at, index, id } = open;
    if (how === 'fail' && this.kind === 'raw') {
      this.failed.add(id);
      at.task.sendLate(index, { failure: { name: 'Error', message: id, code: id } });
    } else if (how === 'finish' && !at.completed && typeof at.task.task === 'number')
      at.task.worker.finish(index, replyTo(id));
    else at.task.sendLate(index, { reply: replyTo(id) });
  }

  async #complete(at: WorkerTask | undefined): Promise<void> {
    if (at === undefined) return;
    if (typeof at.task.task !== 'number') {
      while (this.#start(at));
      // Long requests that were dropped get no outcome.
      for (const [index, { claim }] of (at.task.task ?? []).entries()) {
        if (Atomics.load(claim, 0) !== at.task.thread) at.task.sendLate(index, {});
      }
    }
    at.completed = true;
    await at.task.complete();
  }

  async #crash(at: WorkerTask | undefined): Promise<void> {
    // After a third such exit, requests that have not started fail too; other tests cover that.
    if (at === undefined || (!at.completed && this.#deaths === 2)) return;
    if (!at.completed) this.#deaths += 1;
    at.exited = true;
    for (const open of this.#open) if (open.at === at) this.failed.add(open.id);
    this.#open = this.#open.filter((open) => open.at !== at);
    await at.task.crash();
  }

  async #collectTasks(): Promise<void> {
    await this.bench.settle();
    for (const task of this.bench.tasks.slice(this.workerTasks.length)) {
      this.workerTasks.push({ task, completed: false, exited: false, started: 0 });
    }
  }

  check(): void {
    deepStrictEqual(this.bench.dispatcher.requests, 0);
    deepStrictEqual(this.bench.dispatcher.waiting, 0);
    for (const [id, times] of this.started) deepStrictEqual([id, times], [id, 1]);
    for (const id of this.neverStarted) ok(!this.started.has(id), `${id} started after it had been cancelled`);
    for (const [number, { received, sent, closed, conversation }] of this.conversations.entries()) {
      ok(!conversation.isBusy && !conversation.isOverfull);
      const ids = Array.from({ length: sent }, (_unused, index) => `${number}.${index}`);
      const outcomes = received.map((text) => this.#outcomeOf(text));
      if (closed) deepStrictEqual([...new Set(outcomes)], outcomes);
      else if (this.kind === 'rpc') {
        deepStrictEqual(outcomes.map((outcome) => outcome.replace('!', '')).sort(), [...ids].sort());
        for (const outcome of outcomes) {
          const id = outcome.replace('!', '');
          if (!this.mayFail.has(id)) deepStrictEqual(outcome.startsWith('!'), this.failed.has(id));
        }
      } else {
        const end = ids.findIndex((id) => this.failed.has(id));
        deepStrictEqual(outcomes, end < 0 ? ids : [...ids.slice(0, end), '!']);
      }
    }
    for (const [thread, open] of this.bench.open) {
      if (this.workerTasks[thread - 1]?.exited === false) deepStrictEqual([thread, open], [thread, 0]);
    }
    deepStrictEqual(
      [...this.bench.stuck].filter((thread) => this.workerTasks[thread - 1]?.exited === false),
      [],
    );
  }

  /** The id of the reply, behind a `!` if the reply is an error; a bare `!` if the connection was closed. */
  #outcomeOf(text: string): string {
    if (text.startsWith('!')) return '!';
    const [value] = [JSON.parse(text) as string | { id: string } | { id: string }[]].flat() as [
      string | { id: string },
    ];
    return typeof value === 'string' ? value : `!${value.id}`;
  }

  /** As many batches can be in flight as there are slots: no slot is lost. */
  async checkSlots(): Promise<void> {
    const before = this.bench.tasks.length;
    for (const slot of this.bench.slots) {
      openConversation(this.bench).conversation.dispatch(runOf(`{"id":"slot ${slot.index}"}`));
      await this.bench.settle();
    }
    const used = this.bench.tasks.slice(before).map(({ slot }) => slot.index);
    deepStrictEqual(used.sort(), [0, 1, 2]);
    for (const task of this.bench.tasks.slice(before)) await task.complete();
  }
}

function pick<Item>(items: readonly Item[], nth: number): Item | undefined {
  return items[nth % items.length];
}
