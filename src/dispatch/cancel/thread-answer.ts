/** The answer of a thread to a message: its event loop has taken it. */

export class Answer {
  /** When the message was sent, on the clock of `performance`. */
  readonly since: number;
  /** Whether the thread has answered. */
  has = false;

  /** @param taken resolves when the thread has answered; must not reject. */
  constructor(taken: Promise<void>, since: number) {
    this.since = since;
    void taken.then(() => {
      this.has = true;
    });
  }
}
