/** Clients of a warm agent that any machine has, or may have: Python's own, and nc. */
import { execFileSync } from 'node:child_process';
import { findPythons } from '../../test/helpers/pythons.ts';
import type { WallOptions } from '../generator.ts';

export const TEXT = 'Hello';
export const REPLY = 'Uryyb';

/** multiprocessing.connection has the framing of raw agents. */
const PYTHON_SCRIPT = `
import sys
from multiprocessing.connection import Client
with Client(sys.argv[1]) as connection:
    connection.send_bytes(b"${TEXT}")
    sys.stdout.write(connection.recv_bytes().decode())
`;

/** @returns why there is none, if there is none. */
export function pythonClient(socketPath: string): WallOptions | string {
  const python = findPythons().at(-1);
  if (python === undefined) return 'no Python 3.8 or newer is on the PATH or under pyenv';
  return { command: [python.path, '-c', PYTHON_SCRIPT, socketPath], env: {}, expect: REPLY };
}

/** nc ends its side after the request, which -N has it do, and prints the reply with its header of four bytes. */
export function ncClient(socketPath: string): WallOptions | string {
  const length = String.fromCharCode(0x30 + TEXT.length);
  const script = `printf '\\000\\000\\000\\00${length}${TEXT}' | nc -N -U "$0" | tail -c ${REPLY.length}`;
  if (!hasNc()) return 'not installed, or without -N and -U: apt-get install netcat-openbsd';
  return { command: ['sh', '-c', script, socketPath], env: {}, expect: REPLY };
}

/** OpenBSD's nc names its options in its help; that of macOS has no -N. */
function hasNc(): boolean {
  try {
    const help = execFileSync('sh', ['-c', 'nc -h 2>&1 || true'], { encoding: 'utf8' });
    return /-N\b/.test(help) && /-U\b/.test(help);
  } catch {
    return false;
  }
}
