/** Receives the messages that are sent to a NOTIFY_SOCKET, as systemd would: Node has no datagram sockets of that kind. */
import type { ExecutionContext } from 'ava';
import { type Running, startProgram } from './program.ts';
import { findPython } from './pythons.ts';

const RECEIVE = `
import socket, sys
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1].replace("@", "\\0", 1))
print("bound", file=sys.stderr, flush=True)
while True:
    print(receiver.recv(4096).decode(), file=sys.stderr, flush=True)
`;

/** Resolves when the receiver is bound to the address. It prints each message on standard error, one per line. */
export async function receiveNotifications(t: ExecutionContext, address: string): Promise<Running> {
  const python = findPython();
  if (python === undefined) throw new Error('no Python is installed');
  const receiver = startProgram(t, [python.path, '-c', RECEIVE, address]);
  await receiver.stderr(/bound/);
  return receiver;
}
