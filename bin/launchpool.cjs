#!/usr/bin/env node
// The source of the package's program, dist/launchpool.cjs. Every Node, and Bun, must be able to parse it: it reports an
// unsupported version instead of failing later.
'use strict';
const versions = process.versions;
const parts = versions.node.split('.').map(Number);
const args = process.argv.slice(2);
if (versions.bun !== undefined) {
  process.stderr.write('launchpool: Bun cannot listen on an inherited socket; use Node 22.20 or later.\n');
  process.exit(69);
} else if (parts[0] < 22 || (parts[0] === 22 && parts[1] < 20)) {
  process.stderr.write(`launchpool: Node ${versions.node} is too old; use Node 22.20 or later.\n`);
  process.exit(69);
} else if (args[0] === 'run' && args.indexOf('--help') < 0 && args.indexOf('-h') < 0) {
  // A client waits for its reply.
  require('../boot/start.ts');
} else if (['call', 'list', 'status', 'complete', 'mcp', '--version'].indexOf(args[0]) >= 0) {
  // A shell waits for it.
  require('../boot/quick.ts');
} else {
  import('../src/cli/entry.ts');
}
