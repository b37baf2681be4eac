/** Reads lines from a terminal, with a prompt, history and completion, or from a pipe, and prints the answer to each. */
import { createInterface, type Interface } from 'node:readline';
import { describe } from './failure.ts';

/** Returns the answer to a line; undefined prints nothing. The signal fires when the user interrupts it. */
export type Answer = (line: string, signal: AbortSignal) => Promise<string | undefined>;

export type LinesOptions = {
  answer: Answer;
  /** The methods of the agent, as far as they are known. */
  methods: readonly string[];
  /** The text of `.help` on all methods, or on one. Undefined if there are none, as of a raw agent. */
  help?: ((method: string | undefined) => Promise<string>) | undefined;
  input: NodeJS.ReadStream;
  /** Gets only the answers: prompts go to a terminal only, errors to standard error. */
  output: NodeJS.WriteStream;
};

const HELP = `METHOD ARGUMENT …   calls a method; an argument is JSON, or text
.help               this text
.help METHOD        describes a method
.exit               ends, as Control-D does; Control-C cancels a call
`;

const HELP_LINE = /^\s*\.help(?:\s+|$)(\S*)\s*$/;

/**
 * Answers the lines one by one until the input ends.
 * @returns the exit status: 1 when a line from a pipe was answered with an error.
 */
export async function readLines({ answer, methods, help, input, output }: LinesOptions): Promise<number> {
  const isInteractive = input.isTTY === true && output.isTTY === true;
  const lines = createInterface({
    input,
    output: isInteractive ? output : undefined,
    terminal: isInteractive,
    prompt: '> ',
    completer: (line: string) => completionsOf(line, methods),
  });
  let running: AbortController | undefined;
  let isClosed = false;
  let hasFailed = false;
  lines.once('close', () => {
    isClosed = true;
  });
  // In the terminal, Control-C is input.
  lines.on('SIGINT', () => {
    if (running === undefined) lines.close();
    else running.abort(new Error('cancelled'));
  });
  const prompt = (): void => {
    // The input may have ended while an answer was awaited.
    if (isInteractive && !isClosed) lines.prompt();
  };
  prompt();
  for await (const line of linesOf(lines)) {
    if (isInteractive && line.trim() === '.exit') lines.close();
    else {
      running = new AbortController();
      const [, asked] = (isInteractive && HELP_LINE.exec(line)) || [];
      try {
        const text = asked === undefined ? await answer(line, running.signal) : await helpOn(asked, methods, help);
        if (text !== undefined) output.write(text.endsWith('\n') && isInteractive ? text : `${text}\n`);
      } catch (error) {
        hasFailed = true;
        process.stderr.write(`${running.signal.aborted ? 'cancelled' : describe(error)}\n`);
      }
      running = undefined;
    }
    prompt();
  }
  return hasFailed && !isInteractive ? 1 : 0;
}

/** Unlike the iterator of readline, it keeps the lines that came before the end of the input. */
async function* linesOf(lines: Interface): AsyncGenerator<string> {
  const waiting: string[] = [];
  let wake = (): void => undefined;
  let isOver = false;
  lines.on('line', (line) => {
    waiting.push(line);
    wake();
  });
  lines.once('close', () => {
    isOver = true;
    wake();
  });
  while (!isOver || waiting.length > 0) {
    const line = waiting.shift();
    if (line !== undefined) yield line;
    else
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
  }
}

function completionsOf(line: string, methods: readonly string[]): [string[], string] {
  const [, beginning] = HELP_LINE.exec(line) ?? [];
  if (beginning) return [methods.filter((name) => name.startsWith(beginning)), beginning];
  if (/\s/.test(line)) return [[], line];
  return [[...methods, '.help', '.exit'].filter((name) => name.startsWith(line)), line];
}

/** @param asked the method, or empty text. */
async function helpOn(asked: string, methods: readonly string[], help: LinesOptions['help']): Promise<string> {
  if (asked !== '' && help !== undefined) return help(asked);
  const names = methods.length === 0 ? HELP : `${HELP}Methods: ${methods.join(', ')}\n`;
  try {
    return help === undefined ? names : `${HELP}\n${await help(undefined)}`;
  } catch {
    // An agent that is older than descriptions.
    return names;
  }
}
