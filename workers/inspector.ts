/** Opens Node's inspector on this thread: https://nodejs.org/api/inspector.html. Loaded only if a thread is to have one. */
import inspector from 'node:inspector';
import type { InspectorMessage, InspectorOptions } from './task.ts';

/** The inspector runs any code for any process that reaches it, so it listens nowhere else. */
const HOST = '127.0.0.1';

/** @param send is called before the thread waits. */
export function openInspector(
  { port, waits }: InspectorOptions,
  threadId: number,
  send: (message: InspectorMessage) => void,
): void {
  const url = open(port) ?? open(0);
  send({ launchpool: 'inspector', thread: threadId, url, waits: waits && url !== undefined });
  if (waits && url !== undefined) inspector.waitForDebugger();
}

/** Undefined if the port is in use; Node has written that to standard error. */
function open(port: number): string | undefined {
  inspector.open(port, HOST);
  return inspector.url();
}
