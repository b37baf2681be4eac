/** The end of the client, which is the end of the bridge. */
import type { Readable, Writable } from 'node:stream';

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
/** Another process may have a copy of the client's end of the pipe: its end then is not seen at standard input. */
const PARENT_CHECK_MS = 1_000;

export type ClientEnd = 'input' | 'output' | 'signal' | 'parent';

export type Client = {
  input: Readable;
  output: Writable;
  /** @default that of this process */
  parentId?: () => number;
};

/** Resolves when standard input has ended, standard output is closed, the parent has exited, or a signal asks for it. */
export function clientEnd({ input, output, parentId = () => process.ppid }: Client): Promise<ClientEnd> {
  const parent = parentId();
  return new Promise((resolve) => {
    for (const event of ['end', 'close', 'error']) input.once(event, () => resolve('input'));
    // All later ones too: a write may fail at any time.
    output.on('error', () => resolve('output'));
    output.once('close', () => resolve('output'));
    for (const signal of SIGNALS) process.once(signal, () => resolve('signal'));
    setInterval(() => {
      if (parentId() !== parent) resolve('parent');
    }, PARENT_CHECK_MS).unref();
  });
}
