/** What has happened in a test, to be waited for. */

type Named<Event extends { event: string }, Name extends string> = Extract<Event, { event: Name }>;

export type History<Event extends { event: string }> = {
  /** In order. */
  events: Event[];
  add(event: Event): void;
  /** Everything of that name that has happened so far. */
  all<Name extends Event['event']>(name: Name): Named<Event, Name>[];
  /** Resolves when something of that name has happened for the nth time, counted from one. */
  reached<Name extends Event['event']>(name: Name, nth: number): Promise<Named<Event, Name>>;
  /** Resolves with the first event of that name from `from` on, past or to come. */
  event<Name extends Event['event']>(name: Name, from?: number): Promise<Named<Event, Name>>;
};

export function createHistory<Event extends { event: string }>(): History<Event> {
  const events: Event[] = [];
  const waiting = new Set<() => void>();
  const all = <Name extends Event['event']>(name: Name, from = 0): Named<Event, Name>[] =>
    events.slice(from).filter((event): event is Named<Event, Name> => event.event === name);
  const nth = <Name extends Event['event']>(name: Name, index: number, from = 0): Promise<Named<Event, Name>> =>
    new Promise((resolve) => {
      const inspect = (): void => {
        const found = all(name, from)[index];
        if (found === undefined) return;
        waiting.delete(inspect);
        resolve(found);
      };
      waiting.add(inspect);
      inspect();
    });

  return {
    events,
    add(event) {
      events.push(event);
      for (const inspect of waiting) inspect();
    },
    all: (name) => all(name),
    reached: (name, count) => nth(name, count - 1),
    event: (name, from) => nth(name, 0, from),
  };
}
