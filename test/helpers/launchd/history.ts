/** What has happened under a test's launchd, to be waited for. */

export type LaunchdEvent =
  | { event: 'bootstrapped'; label: string }
  | { event: 'spawned'; label: string; pid: number }
  /** There is no such program, or no such folder for its log. */
  | { event: 'not-spawned'; label: string }
  | { event: 'exited'; label: string; pid: number; status: number | NodeJS.Signals }
  | { event: 'removed'; label: string };

type Name = LaunchdEvent['event'];
type Event<Of extends Name> = Extract<LaunchdEvent, { event: Of }>;

export type History = {
  /** In order. */
  events: LaunchdEvent[];
  add(event: LaunchdEvent): void;
  /** Everything of that name that has happened so far. */
  all<Of extends Name>(name: Of): Event<Of>[];
  /** Resolves when something of that name has happened for the nth time, counted from one. */
  reached<Of extends Name>(name: Of, nth: number): Promise<Event<Of>>;
};

export function createHistory(): History {
  const events: LaunchdEvent[] = [];
  const waiting = new Set<() => void>();
  const all = <Of extends Name>(name: Of): Event<Of>[] =>
    events.filter((event): event is Event<Of> => event.event === name);

  return {
    events,
    all,
    add(event) {
      events.push(event);
      for (const look of waiting) look();
    },
    reached: (name, nth) =>
      new Promise((resolve) => {
        const look = (): void => {
          const event = all(name)[nth - 1];
          if (event === undefined) return;
          waiting.delete(look);
          resolve(event);
        };
        waiting.add(look);
        look();
      }),
  };
}
