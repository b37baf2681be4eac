/** Python's plistlib in one process for all plists of a file of tests: its start takes far longer than a plist. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { findPython } from '../pythons.ts';

/** Answers each line, a path as JSON, with a line: the plist as JSON, or null for a file that is none. */
const PROGRAM = `
import json, plistlib, sys
for line in sys.stdin:
    try:
        with open(json.loads(line), "rb") as file:
            text = json.dumps(plistlib.load(file), default=str)
    except Exception:
        text = "null"
    print(text, flush=True)
`;

type Reader = ChildProcessByStdio<Writable, Readable, null>;

const waiting: { resolve(line: string): void; reject(error: Error): void }[] = [];
let reader: Reader | undefined;

/** The contents of a plist; undefined for a file that is none. */
export async function contentsOf(path: string): Promise<Record<string, unknown> | undefined> {
  reader ??= start();
  const { stdin, stdout } = reader;
  hold(reader, true);
  try {
    const line = await new Promise<string>((resolve, reject) => {
      waiting.push({ resolve, reject });
      stdin.write(`${inAscii(JSON.stringify(path))}\n`);
    });
    return JSON.parse(line) ?? undefined;
  } finally {
    if (waiting.length === 0 && !stdout.destroyed) hold(reader, false);
  }
}

/** It ends at the end of its input, which is at the latest the end of this process. */
function start(): Reader {
  const started = spawn(findPython()?.path ?? 'python3', ['-ISc', PROGRAM], { stdio: ['pipe', 'pipe', 'inherit'] });
  const end = (error: Error): void => {
    if (reader === started) reader = undefined;
    for (const { reject } of waiting.splice(0)) reject(error);
  };
  started.once('error', end);
  started.once('exit', () => end(new Error('the reader of plists has ended')));
  started.stdin.on('error', end);
  createInterface(started.stdout).on('line', (line) => waiting.shift()?.resolve(line));
  return started;
}

/** Whether it keeps this process running. */
function hold(process: Reader, isHeld: boolean): void {
  for (const each of [process, process.stdin, process.stdout] as unknown as { ref(): void; unref(): void }[]) {
    if (isHeld) each.ref();
    else each.unref();
  }
}

/** Whatever encoding Python expects. */
function inAscii(json: string): string {
  return json.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
