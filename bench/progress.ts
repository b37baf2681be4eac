/** The progress of the bench: a bar on a terminal, otherwise a line per round. Written to standard error. */
import cliProgress from 'cli-progress';

export type Progress = {
  step(step: { question: string; round: number; cell: string; contender: string }): void;
  /** Prints a note without damage to the bar. */
  print(text: string): void;
  /** Prints results, to standard output. */
  result(text: string): void;
  end(): void;
};

export function createProgress(total: number, stream: NodeJS.WriteStream = process.stderr): Progress {
  return stream.isTTY ? createBar(total, stream) : createLines(stream);
}

function createBar(total: number, stream: NodeJS.WriteStream): Progress {
  const bars = new cliProgress.MultiBar({
    format: '{bar} {percentage} % · {eta_formatted} to go · {what}',
    hideCursor: true,
    clearOnComplete: true,
    etaBuffer: 50,
    stream,
  });
  const print = (text: string): void => {
    bars.log(`${text}\n`);
    // Without an update, the line would be printed with the next step, which may never come.
    bars.update();
  };
  const bar = bars.create(total, 0, { what: 'starting' });
  return {
    step({ question, round, cell, contender }) {
      bar.increment(1, { what: `${question}, round ${round}: ${cell} ${contender}` });
    },
    print,
    // On the same terminal the text would run into the bar.
    result: (text) => (process.stdout.isTTY ? print(text) : process.stdout.write(`${text}\n`)),
    end: () => bars.stop(),
  };
}

function createLines(stream: NodeJS.WriteStream): Progress {
  let last = '';
  return {
    step({ question, round }) {
      const line = `${question}, round ${round}\n`;
      if (line !== last) stream.write(line);
      last = line;
    },
    print: (text) => stream.write(`${text}\n`),
    result: (text) => process.stdout.write(`${text}\n`),
    end: () => undefined,
  };
}
