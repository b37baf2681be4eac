/** A record of requests: each is opened with its expectation and settled with its outcome, once. */
import { ERROR_CODES, type LaunchpoolError } from '../wire/errors.ts';
import type { HeldAgent } from './agents.ts';
import { createFaultList } from './fault-list.ts';

/** The errors that any request may get when threads end, timeouts expire and the agent is overloaded. */
export const DISTURBANCE_ERRORS: readonly string[] = [
  'ERR_LAUNCHPOOL_THREAD_EXITED',
  'ERR_LAUNCHPOOL_BUSY',
  'ERR_LAUNCHPOOL_RUN_TIMEOUT',
  'ERR_LAUNCHPOOL_CONNECT_FAILED',
];

/** The error of a handler of the suite, which carries the payload as its message. */
const HANDLER_ERROR = 'E_TEST';
const SUITE_ERRORS: readonly string[] = [HANDLER_ERROR, 'AbortError'];
const CANCELLED = 'ERR_LAUNCHPOOL_CANCELLED';
const CLOSED = 'ERR_LAUNCHPOOL_CONNECTION_CLOSED';
/** The outcome of a request that the agent has not run, by its closing notice. */
export const NOT_RUN = 'not run, by the notice';

/** When the agent may close a connection with open requests: after SIGKILL, also after SIGTERM, or at any time. */
export type MayClose = 'killed' | 'terminated' | 'always';

export type Request = {
  held: Pick<HeldAgent, 'name' | 'wasSent'>;
  /** The kind of the request, for messages. */
  what: string;
  /** Error codes that are right for this request, beside those that are right for all requests. */
  allowed?: readonly string[];
  /** @default 'killed' */
  mayClose?: MayClose;
  ask: (payload: string) => Promise<unknown>;
  /** Checks a result, or the error that the handler threw. */
  isRight: (answer: unknown, payload: string) => boolean;
};

export type Entry = Pick<Request, 'held' | 'what' | 'allowed' | 'mayClose'> & { payload: string; openedAt: number };

export type Ledger = {
  open(request: Pick<Request, 'held' | 'what' | 'allowed' | 'mayClose'>): Entry;
  /** @param fate `result` or the code of an error. */
  settle(entry: Entry, fate: string): void;
  fault(fault: string): void;
  /** Opens an entry, sends the request, and settles the entry. Never rejects. */
  ask(request: Request): Promise<void>;
  /** Waits until every entry is settled, for up to `withinMs`. An entry that stays open is a fault. */
  close(withinMs: number): Promise<void>;
  readonly sent: number;
  readonly pending: number;
  /** The number of requests by outcome, of one agent or of all. */
  fates(name?: string): Record<string, number>;
  faults(): string[];
};

/** @param always the error codes that are right for every request. */
export function createLedger(always: readonly string[] = []): Ledger {
  const faults = createFaultList();
  const open = new Set<Entry>();
  const fates = new Map<string, Map<string, number>>();
  let sent = 0;
  let onEmpty: (() => void) | undefined;

  function isAllowed({ allowed = [], mayClose, held, openedAt }: Entry, fate: string): boolean {
    if (fate === 'result' || always.includes(fate) || allowed.includes(fate)) return true;
    // A request that outlives the drain of its process gets this answer.
    if (fate === CANCELLED) return held.wasSent(['SIGTERM'], openedAt);
    if (fate !== CLOSED) return false;
    const signals = mayClose === 'terminated' ? (['SIGKILL', 'SIGTERM'] as const) : (['SIGKILL'] as const);
    return mayClose === 'always' || held.wasSent(signals, openedAt);
  }

  function count(name: string, fate: string): void {
    const counts = fates.get(name) ?? new Map<string, number>();
    fates.set(name, counts.set(fate, (counts.get(fate) ?? 0) + 1));
  }

  const ledger: Ledger = {
    open(request) {
      sent += 1;
      const entry: Entry = { ...request, payload: `request ${sent}`, openedAt: performance.now() };
      open.add(entry);
      return entry;
    },
    settle(entry, fate) {
      const { held, what, payload } = entry;
      if (!open.delete(entry)) faults.add(`${held.name}, ${what}, ${payload}: settled twice, then as ${fate}`);
      else count(held.name, fate);
      const isDocumented = ['result', NOT_RUN, ...SUITE_ERRORS].includes(fate) || fate in ERROR_CODES;
      if (!isDocumented) faults.add(`${held.name}, ${what}, ${payload}: ${fate} is not documented`);
      else if (!isAllowed(entry, fate)) faults.add(`${held.name}, ${what}, ${payload}: ${fate} without a reason`);
      if (open.size === 0) onEmpty?.();
    },
    fault: faults.add,
    async ask(request) {
      const entry = ledger.open(request);
      const { held, what, ask, isRight } = request;
      const check = (answer: unknown): void => {
        if (isRight(answer, entry.payload)) return;
        faults.add(`${held.name}, ${what}, ${entry.payload}: wrong: ${JSON.stringify(answer)?.slice(0, 200)}`);
      };
      try {
        check(await ask(entry.payload));
        ledger.settle(entry, 'result');
      } catch (error) {
        const { code, name } = error as LaunchpoolError;
        if (HANDLER_ERROR === (code as string)) check(error);
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
