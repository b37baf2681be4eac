/** How a debugger attaches to a thread, for the developer. */
import type { InspectorMessage } from '../../workers/task.ts';

/** One line. */
export function inspectorText({ thread, url, waits }: InspectorMessage): string {
  if (url === undefined) return `thread ${thread} has no inspector: Node could not open a port for it`;
  const { host } = new URL(url);
  const state = waits ? 'waits for a debugger before it loads the module' : 'can be debugged';
  return `thread ${thread} ${state}: attach VS Code or chrome://inspect to ${host}, or a client to ${url}`;
}
