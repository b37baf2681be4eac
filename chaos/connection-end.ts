/** Checks the end of a connection: the replies must agree with the closing notice, or with the order of the frames. */

export type ConnectionEnd = {
  /** Whether the agent knew that the client understands its closing notice. */
  announce: boolean;
  /** The number of frames that have run by the notice; undefined without a notice. */
  framesRun: number | undefined;
  /** Whether the process may have been killed, and its knowledge lost. */
  wasKilled: boolean;
  /** For each request without a reply, the number of frames before it. */
  unanswered: readonly number[];
  /** For each request with a reply, the number of frames before it. */
  answered: readonly number[];
};

/** @returns the faults. */
export function checkConnectionEnd({ announce, framesRun, wasKilled, unanswered, answered }: ConnectionEnd): string[] {
  if (framesRun === undefined) {
    if (wasKilled || unanswered.length === 0) return [];
    if (announce) return [`closed without a notice, with ${unanswered.length} requests without a reply`];
    // The agent reads frames in order and answers all that it has read, so every frame before an answered one is answered.
    const last = Math.max(-1, ...answered);
    return framesFault(unanswered, (index) => index < last, `frame ${last} is answered, and not frames`);
  }
  return [
    ...framesFault(unanswered, (index) => index < framesRun, `${framesRun} run by the notice, and no reply to frames`),
    ...framesFault(answered, (index) => index >= framesRun, `${framesRun} run by the notice, and replies to frames`),
  ];
}

function framesFault(frames: readonly number[], isWrong: (index: number) => boolean, text: string): string[] {
  const wrong = frames.filter(isWrong);
  return wrong.length === 0 ? [] : [`${text} ${wrong.join()}`];
}
