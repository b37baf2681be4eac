/** Records events of a test and waits for them. */

type Named<Event extends { event: string }, Name extends string> = Extract<Event, { event: Name }>;

export type History<Event extends { event: string }> = {
  /** The events in order. */
  events: Event[];
  add(event: Event): void;
  /** The events of that name so far. */
  all<Name extends Event['event']>(name: Name): Named<Event, Name>[];
  /** Resolves with the nth event of that name, counted from one. */
  reached<Name extends Event['event']>(name: Name, nth: number): Promise<Named<Event, Name>>;
  /** Resolves with the first event of that name from index `from` on, past or future. */
  event<Name extends Event['event']>(name: Name, from?: number): Promise<Named<Event, Name>>;
};

export function createHistory<Event extends { event: string }>(): History<Event> {
  const events: Event[] = [];
  const waiting = new Set<() => void>();
  const all = <Name extends Event['event']>(name: Name, from = 0): Named<Event, Name>[] =>
    events.slice(from).filter((event): event is Named<Event, Name> => event.event === name);
  const nth = <Name extends Event['event']>(name: Name, index: number, from = 0): Promise<Named<Event, Name>> =>
    new Promise((resolve) => {
      const check = (): void => {
        const event = all(name, from)[index];
        if (event === undefined) return;
        waiting.delete(check);
        resolve(event);
      };
      waiting.add(check);
      check();
    });

  return {
    events,
    add(event) {
      events.push(event);
      for (const check of waiting) check();
    },
    all: (name) => all(name),
    reached: (name, count) => nth(name, count - 1),
    event: (name, from) => nth(name, 0, from),
  };
}
