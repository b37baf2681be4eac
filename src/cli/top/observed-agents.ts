/** Observes one agent, or all installed agents, and computes their figures. */
import { type Observation, type Observer, observe } from '../../control/observe.ts';
import { installedLabels } from '../../installed/labels.ts';
import { type Figures, figuresOf } from './figures.ts';

export type ObservedAgents = {
  /** The current figures. An agent that does not answer within `timeoutMs` is shown without a process. */
  next(timeoutMs: number): Promise<Figures[]>;
  close(): void;
};

/** @param target all installed agents if it is undefined. */
export function observeAgents(target: string | undefined): ObservedAgents {
  const observers = new Map<string, Observer>();
  const previous = new Map<string, Observation>();

  /** Follows agents that were installed or uninstalled since the last call. */
  function current(): Observer[] {
    const names = target === undefined ? installedLabels() : [target];
    for (const [name, observer] of observers) {
      if (names.includes(name)) continue;
      observer.close();
      observers.delete(name);
    }
    for (const name of names) if (!observers.has(name)) observers.set(name, observe(name));
    return names.map((name) => observers.get(name) as Observer);
  }

  async function figuresFrom({ name, next }: Observer, timeoutMs: number): Promise<Figures> {
    const observation = await next(timeoutMs);
    const figures = figuresOf(name, observation, previous.get(name));
    previous.set(name, observation);
    return figures;
  }

  return {
    next: async (timeoutMs) => Promise.all(current().map((observer) => figuresFrom(observer, timeoutMs))),
    close() {
      for (const observer of observers.values()) observer.close();
    },
  };
}
