/** What must be true of a connection when it is over, by what was sent on it, what was answered, and what was said. */

export type PlainEnd = {
  /** Whether the agent was told that its notice of closing is understood. */
  announce: boolean;
  /** What the notice has said, if there was one: so many frames have been run. */
  run: number | undefined;
  /** Whether the process may have been killed meanwhile: what it knew is gone then. */
  wasKilled: boolean;
  /** How many frames went before each request that has no reply, and before each that has. */
  unanswered: readonly number[];
  answered: readonly number[];
};

/** @returns the faults. */
export function checkEnd({ announce, run, wasKilled, unanswered, answered }: PlainEnd): string[] {
  if (run === undefined) {
    if (wasKilled || unanswered.length === 0) return [];
    if (announce) return [`ended without a notice, and ${unanswered.length} requests without a reply`];
    // Frames are read in their order, and what has been read is answered: so what stands before an answered one is.
    const last = Math.max(-1, ...answered);
    return whichOf(unanswered, (place) => place < last, `no reply, though frame ${last} was answered, to frames`);
  }
  return [
    ...whichOf(unanswered, (place) => place < run, `${run} run by the notice, and no reply to frames`),
    ...whichOf(answered, (place) => place >= run, `${run} run by the notice, and more were answered: frames`),
  ];
}

function whichOf(places: readonly number[], is: (place: number) => boolean, what: string): string[] {
  const wrong = places.filter(is);
  return wrong.length === 0 ? [] : [`${what} ${wrong.join()}`];
}
