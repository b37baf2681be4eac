/** A legal label from the name of a file or folder. */

/** Leaves room for the folders of the longest socket path. */
const MAX_LENGTH = 40;

/** Replaces what a label cannot have: see checkLabel() of wire/address.ts. @returns `agent` for a name of nothing else. */
export function labelFrom(name: string): string {
  const label = name
    .replace(/[^A-Za-z0-9_-]+/g, '-')
    .slice(0, MAX_LENGTH)
    .replace(/^-+|-+$/g, '');
  if (label === '') return 'agent';
  // Behind a prefix or a dash, `control` is the name of another agent's control socket.
  return /(^|-)control$/.test(label) ? `${label}-agent` : label;
}
