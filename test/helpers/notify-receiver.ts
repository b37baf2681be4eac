/** Receives what is sent to a NOTIFY_SOCKET, as systemd would: Node has no datagram sockets of that kind. */
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

/** Resolves when it receives at that address; what it has received stands on its standard error, a line each. */
export async function receiveNotifications(t: ExecutionContext, address: string): Promise<Running> {
  const python = findPython();
  if (python === undefined) throw new Error('at least one Python is needed');
  const receiver = startProgram(t, [python.path, '-c', RECEIVE, address]);
  await receiver.stderr(/bound/);
  return receiver;
}
