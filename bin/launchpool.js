#!/usr/bin/env node
// Must be readable by any Node, and by what only looks like Node: says what is missing instead of failing somewhere.
const [major, minor] = process.versions.node.split('.').map(Number);
if (process.versions.bun !== undefined) {
  process.stderr.write('launchpool: Bun cannot listen on an inherited socket; run this with Node 22.20 or later.\n');
  process.exit(69);
} else if (major < 22 || (major === 22 && minor < 20)) {
  process.stderr.write(`launchpool: this is Node ${process.versions.node}, and 22.20 or later is needed.\n`);
  process.exit(69);
} else {
  await import('../dist/src/cli/entry.js');
}
