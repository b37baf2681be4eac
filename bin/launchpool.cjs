#!/usr/bin/env node
// What the package's program, dist/launchpool.cjs, is built from. Must be readable by any Node, and by what only looks
// like Node: says what is missing instead of failing somewhere.
'use strict';
const versions = process.versions;
const parts = versions.node.split('.').map(Number);
const args = process.argv.slice(2);
if (versions.bun !== undefined) {
  process.stderr.write('launchpool: Bun cannot listen on an inherited socket; run this with Node 22.20 or later.\n');
  process.exit(69);
} else if (parts[0] < 22 || (parts[0] === 22 && parts[1] < 20)) {
  process.stderr.write(`launchpool: this is Node ${versions.node}, and 22.20 or later is needed.\n`);
  process.exit(69);
} else if (args[0] === 'run' && args.indexOf('--help') < 0 && args.indexOf('-h') < 0) {
  // Somebody is waiting for it.
  require('../boot/start.ts');
} else {
  import('../src/cli/entry.ts');
}
