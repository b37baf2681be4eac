/** Whatever threads do, and in whatever order: every request has one outcome, the right one, and in its place. */
import { deepStrictEqual, ok } from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { encodeTextFrame } from '../../../wire/frame.ts';
import { type AgentKind, claimLong } from '../../../workers/task.ts';
import {
  type Bench,
  type BenchConnection,
  type BenchTask,
  createBench,
  openConversation,
  runOf,
  stopBenches,
} from '../../helpers/dispatch-bench.ts';

test.after.always(stopBenches);

const CONNECTIONS = 3;

type Step =
  | { do: 'send'; conversation: number; frames: number; long: boolean; timed: boolean }
  | { do: 'cancel'; conversation: number; nth: number }
  | { do: 'begin'; task: number; frames: number }
  | { do: 'finish' | 'aside' | 'fail'; nth: number }
  | { do: 'land' | 'crash'; task: number }
  | { do: 'disconnect'; conversation: number }
  | { do: 'look'; ms: number };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
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
      do: fc.constant('begin' as const),
      task: fc.nat(),
      frames: fc.integer({ min: 1, max: 30 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom('finish' as const, 'finish' as const, 'aside' as const),
      nth: fc.nat(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('land' as const), task: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('fail' as const), nth: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const), task: fc.nat() }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('disconnect' as const), conversation: fc.nat(CONNECTIONS - 1) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('look' as const), ms: fc.constantFrom(4, 4, 25) }) },
);

/** A request is `{"id":"<lane>.<number>",…}`, and its reply is `"<lane>.<number>"`. */
const idOf = (request: string): string => (JSON.parse(request) as { id: string }).id;
const replyTo = (id: string): Buffer => encodeTextFrame(JSON.stringify(id));

/** A request that a thread has begun and not finished. */
type Open = { at: Playing; index: number; id: string };
type Playing = { task: BenchTask; completed: boolean; gone: boolean; started: number };

class World {
  readonly bench: Bench;
  readonly conversations: (BenchConnection & { sent: number; gone: boolean })[];
  readonly playing: Playing[] = [];
  readonly started = new Map<string, number>();
  /** Requests that failed, or were lost with their thread. */
  readonly failed = new Set<string>();
  /** Requests that were cancelled or had little time: they may have been answered with an error, or with a reply. */
  readonly mayFail = new Set<string>();
  /** Those of them that were answered with an error before they were begun. */
  readonly neverStarted = new Set<string>();
  #open: Open[] = [];
  /** How many threads have died with a task. */
  #deaths = 0;
  readonly kind: AgentKind;

  constructor(kind: AgentKind) {
    this.kind = kind;
    this.bench = createBench({ known: kind, byHand: true, slots: 3, room: 3 });
    this.conversations = Array.from({ length: CONNECTIONS }, () => ({
      ...openConversation(this.bench),
      sent: 0,
      gone: false,
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
      case 'begin': {
        const at = pick(
          this.playing.filter(({ completed, gone }) => !completed && !gone),
          step.task,
        );
        for (let left = step.frames; at !== undefined && left > 0; left -= 1) this.#begin(at);
        break;
      }
      case 'finish':
      case 'aside':
      case 'fail':
        this.#end(step.do, step.nth);
        break;
      case 'land':
        await this.#complete(
          pick(
            this.playing.filter(({ completed, gone }) => !completed && !gone),
            step.task,
          ),
        );
        break;
      case 'crash':
        await this.#crash(
          pick(
            this.playing.filter(({ gone }) => !gone),
            step.task,
          ),
        );
        break;
      case 'disconnect': {
        const conversation = this.conversations[step.conversation] as World['conversations'][number];
        conversation.gone = true;
        conversation.conversation.abandon();
        break;
      }
      case 'look':
        await new Promise((resolve) => setTimeout(resolve, step.ms));
    }
    await this.#watchTasks();
  }

  /** Lets threads do all that is left. */
  async finishAll(): Promise<void> {
    const isOver = (): boolean => this.bench.dispatcher.requests === 0 && this.#open.length === 0;
    for (let rounds = 0; rounds < 1000 && !isOver(); rounds += 1) {
      for (const at of this.playing) {
        while (!at.gone && !at.completed && this.#begin(at));
        if (!at.gone && !at.completed) await this.#complete(at);
      }
      while (this.#open.length > 0) this.#end('aside', 0);
      await this.#watchTasks();
    }
    // What nobody wants any more is with threads all the same, or on its way to them.
    for (let known = -1; known < this.playing.length; ) {
      known = this.playing.length;
      for (const at of this.playing) {
        if (at.completed || at.gone) continue;
        while (this.#begin(at));
        await this.#complete(at);
      }
      while (this.#open.length > 0) this.#end('aside', 0);
      await this.#watchTasks();
    }
  }

  #send({ conversation: number, frames, long, timed }: Extract<Step, { do: 'send' }>): void {
    const conversation = this.conversations[number] as World['conversations'][number];
    // A connection that is to close reads nothing more.
    if (conversation.gone || conversation.received.some((text) => text.startsWith('!'))) return;
    const texts = Array.from({ length: frames }, (_unused, index) => {
      const id = `${number}.${conversation.sent + index}`;
      // To a raw agent it means nothing.
      const timeoutMs = timed && index % 2 === 0 ? 5 : undefined;
      if (timeoutMs !== undefined) this.mayFail.add(id);
      const method = long && index === 0 ? 'm'.repeat(140_000) : 'm'.repeat((index * 37) % 300);
      return JSON.stringify({ id, method, timeoutMs });
    });
    conversation.sent += frames;
    conversation.conversation.dispatch(runOf(...texts));
  }

  #cancel(number: number, nth: number): void {
    const conversation = this.conversations[number] as World['conversations'][number];
    if (this.kind === 'raw' || conversation.gone || conversation.sent === 0) return;
    const id = `${number}.${nth % conversation.sent}`;
    this.mayFail.add(id);
    const before = conversation.received.length;
    conversation.conversation.dispatch(
      runOf(JSON.stringify({ jsonrpc: '2.0', method: '$/cancelRequest', params: { id } })),
    );
    const isAnswered = conversation.received.slice(before).some((text) => text.includes('ERR_LAUNCHPOOL_CANCELLED'));
    if (isAnswered && !this.started.has(id)) this.neverStarted.add(id);
  }

  #note(at: Playing, index: number, text: string): boolean {
    const id = idOf(text);
    this.started.set(id, (this.started.get(id) ?? 0) + 1);
    at.started += 1;
    this.#open.push({ at, index, id });
    return true;
  }

  #begin(at: Playing): boolean {
    const { task } = at.task;
    if (typeof task === 'number') {
      const started = at.task.worker.begin();
      return started !== undefined && this.#note(at, started.index, started.text);
    }
    if (task === null || !claimLong(task.claim, at.task.thread)) return false;
    return this.#note(at, 0, Buffer.from(task.request).toString());
  }

  #end(how: 'finish' | 'aside' | 'fail', nth: number): void {
    const one = pick(this.#open, nth);
    if (one === undefined) return;
    this.#open = this.#open.filter((other) => other !== one);
    const { at, index, id } = one;
    if (how === 'fail' && this.kind === 'raw') {
      this.failed.add(id);
      at.task.tell(index, { failure: { name: 'Error', message: id, code: id } });
    } else if (how === 'finish' && !at.completed && typeof at.task.task === 'number')
      at.task.worker.finish(index, replyTo(id));
    else at.task.tell(index, { reply: replyTo(id) });
  }

  async #complete(at: Playing | undefined): Promise<void> {
    if (at === undefined) return;
    // Of a long one that was dropped, nothing comes.
    if (typeof at.task.task !== 'number' && !this.#begin(at) && at.started === 0) at.task.tell(0, {});
    at.completed = true;
    await at.task.complete();
  }

  async #crash(at: Playing | undefined): Promise<void> {
    // After a third such death, requests that were not begun fail too; other tests are about that.
    if (at === undefined || (!at.completed && this.#deaths === 2)) return;
    if (!at.completed) this.#deaths += 1;
    at.gone = true;
    for (const one of this.#open) if (one.at === at) this.failed.add(one.id);
    this.#open = this.#open.filter((one) => one.at !== at);
    await at.task.crash();
  }

  async #watchTasks(): Promise<void> {
    await this.bench.settle();
    for (const task of this.bench.tasks.slice(this.playing.length)) {
      this.playing.push({ task, completed: false, gone: false, started: 0 });
    }
  }

  check(): void {
    deepStrictEqual(this.bench.dispatcher.requests, 0);
    for (const [id, times] of this.started) deepStrictEqual([id, times], [id, 1]);
    for (const id of this.neverStarted) ok(!this.started.has(id), `${id} was begun after it had been cancelled`);
    for (const [number, { received, sent, gone, conversation }] of this.conversations.entries()) {
      ok(!conversation.isBusy && !conversation.isOverfull);
      const ids = Array.from({ length: sent }, (_unused, index) => `${number}.${index}`);
      const heard = received.map((text) => this.#heard(text));
      if (gone) deepStrictEqual([...new Set(heard)], heard);
      else if (this.kind === 'rpc') {
        deepStrictEqual(heard.map((word) => word.replace('!', '')).sort(), [...ids].sort());
        for (const word of heard) {
          const id = word.replace('!', '');
          if (!this.mayFail.has(id)) deepStrictEqual(word.startsWith('!'), this.failed.has(id));
        }
      } else {
        const end = ids.findIndex((id) => this.failed.has(id));
        deepStrictEqual(heard, end < 0 ? ids : [...ids.slice(0, end), '!']);
      }
    }
    for (const [thread, open] of this.bench.open) {
      if (this.playing[thread - 1]?.gone === false) deepStrictEqual([thread, open], [thread, 0]);
    }
    deepStrictEqual(
      [...this.bench.stuck].filter((thread) => this.playing[thread - 1]?.gone === false),
      [],
    );
  }

  /** The id that was answered, behind a `!` when it was with an error; a bare `!` when the connection was closed. */
  #heard(text: string): string {
    if (text.startsWith('!')) return '!';
    const value = JSON.parse(text) as string | { id: string };
    return typeof value === 'string' ? value : `!${value.id}`;
  }

  /** As many batches as there are slots can be under way: none has been lost. */
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

for (const kind of ['rpc', 'raw'] as const) {
  test.serial(`every request of ${kind} connections has one outcome, the right one, and no slot is lost`, async (t) => {
    const holds = fc.asyncProperty(fc.array(anyStep, { maxLength: 60, size: 'max' }), async (steps) => {
      const world = new World(kind);
      for (const step of steps) await world.step(step);
      await world.finishAll();
      world.check();
      await world.checkSlots();
      stopBenches();
    });
    const { failed, counterexample, errorInstance } = await fc.check(holds, { numRuns: 150 });
    t.false(failed, `${JSON.stringify(counterexample)}: ${errorInstance}`);
  });
}
