/** Keeps book of requests: each is opened with what it asks and settled with what became of it, once. */
import { ERROR_CODES, type LaunchpoolError } from '../wire/errors.ts';
import type { HeldAgent } from './agents.ts';
import { createFaults } from './verb.ts';

/** Those that can come to any request when threads die, time runs out and there is too much to do. */
export const UNDER_FIRE: readonly string[] = [
  'ERR_LAUNCHPOOL_THREAD_EXITED',
  'ERR_LAUNCHPOOL_BUSY',
  'ERR_LAUNCHPOOL_RUN_TIMEOUT',
  'ERR_LAUNCHPOOL_CONNECT_FAILED',
];

/** What a handler of the suite's own throws. */
const OWN_CODES: readonly string[] = ['E_TEST', 'AbortError'];
const UNKNOWN = 'ERR_LAUNCHPOOL_CONNECTION_CLOSED';
/** The agent has said, when it closed the connection, that it has not run the request. */
export const NOT_RUN = 'not run, by the notice';

export type MayClose = 'killed' | 'leaving' | 'ever';

export type Question = {
  held: Pick<HeldAgent, 'name' | 'wasSent'>;
  what: string;
  /** Codes that are right for it, beside those that are for all. */
  allowed?: readonly string[];
  /**
   * When its connection may be closed: if the process is killed, if it is also told to leave, or ever.
   * @default 'killed'
   */
  mayClose?: MayClose;
  ask: (payload: string) => Promise<unknown>;
  /** Of results; of errors, what was thrown. */
  isRight: (answer: unknown, payload: string) => boolean;
};

export type Entry = Pick<Question, 'held' | 'what' | 'allowed' | 'mayClose'> & { payload: string; openedAt: number };

export type Ledger = {
  open(question: Pick<Question, 'held' | 'what' | 'allowed' | 'mayClose'>): Entry;
  /** @param fate `result` or the code of an error. */
  settle(entry: Entry, fate: string): void;
  fault(what: string): void;
  /** Opens an entry, asks, and settles it. Never rejects. */
  ask(question: Question): Promise<void>;
  /** Waits until everything is settled, for so long at the most; what is not is a fault. */
  close(withinMs: number): Promise<void>;
  readonly sent: number;
  readonly pending: number;
  /** How many came to which end, of one agent or of all. */
  fates(name?: string): Record<string, number>;
  faults(): string[];
};

/** @param always codes that are right for every request; with none, nothing but results is. */
export function createLedger(always: readonly string[] = []): Ledger {
  const faults = createFaults();
  const open = new Set<Entry>();
  const fates = new Map<string, Map<string, number>>();
  let sent = 0;
  let onEmpty: (() => void) | undefined;

  function isAllowed({ allowed = [], mayClose, held, openedAt }: Entry, fate: string): boolean {
    if (fate === 'result' || always.includes(fate) || allowed.includes(fate)) return true;
    if (fate !== UNKNOWN) return false;
    return mayClose === 'ever' || held.wasSent(mayClose === 'leaving' ? ['SIGKILL', 'SIGTERM'] : ['SIGKILL'], openedAt);
  }

  function count(name: string, fate: string): void {
    const mine = fates.get(name) ?? new Map<string, number>();
    fates.set(name, mine.set(fate, (mine.get(fate) ?? 0) + 1));
  }

  const ledger: Ledger = {
    open(question) {
      sent += 1;
      const entry: Entry = { ...question, payload: `request ${sent}`, openedAt: performance.now() };
      open.add(entry);
      return entry;
    },
    settle(entry, fate) {
      const { held, what, payload } = entry;
      if (!open.delete(entry)) faults.add(`${held.name}, ${what}, ${payload}: settled twice, then as ${fate}`);
      else count(held.name, fate);
      const isDocumented = ['result', NOT_RUN, ...OWN_CODES].includes(fate) || fate in ERROR_CODES;
      if (!isDocumented) faults.add(`${held.name}, ${what}, ${payload}: ${fate}, which no page speaks of`);
      else if (!isAllowed(entry, fate)) faults.add(`${held.name}, ${what}, ${payload}: ${fate}, for no reason`);
      if (open.size === 0) onEmpty?.();
    },
    fault: faults.add,
    async ask(question) {
      const entry = ledger.open(question);
      const { held, what, ask, isRight } = question;
      const inspect = (answer: unknown): void => {
        if (isRight(answer, entry.payload)) return;
        faults.add(`${held.name}, ${what}, ${entry.payload}: wrong: ${JSON.stringify(answer)?.slice(0, 200)}`);
      };
      try {
        inspect(await ask(entry.payload));
        ledger.settle(entry, 'result');
      } catch (error) {
        const { code, name } = error as LaunchpoolError;
        if (OWN_CODES[0] === (code as string)) inspect(error);
        ledger.settle(entry, name === 'AbortError' ? name : String(code ?? error));
      }
    },
    async close(withinMs) {
      const { promise, resolve } = Promise.withResolvers<void>();
      onEmpty = resolve;
      const timer = setTimeout(resolve, withinMs);
      if (open.size > 0) await promise;
      clearTimeout(timer);
      for (const { held, what, payload } of open) faults.add(`${held.name}, ${what}, ${payload}: no outcome`);
    },
    get sent() {
      return sent;
    },
    get pending() {
      return open.size;
    },
    fates(name) {
      const sums: Record<string, number> = {};
      for (const [agent, counts] of fates) {
        if (name !== undefined && name !== agent) continue;
        for (const [fate, times] of counts) sums[fate] = (sums[fate] ?? 0) + times;
      }
      return Object.fromEntries(Object.entries(sums).sort(([one], [other]) => one.localeCompare(other)));
    },
    faults: faults.list,
  };
  return ledger;
}
