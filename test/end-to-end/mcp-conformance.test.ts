/** @modelcontextprotocol/conformance against the bridge: all scenarios of a server of tools. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { fixture } from '../helpers/agent.ts';
import { agentHome, descriptionOf, holdInstalled, LABEL, startBridge, writeAgent } from '../helpers/mcp-agents.ts';
import { mcpOracleProgram } from '../helpers/mcp-oracles.ts';
import { serveOverHttp } from '../helpers/mcp-over-http.ts';
import { declareWith } from '../helpers/not-tested.ts';
import { runProgram } from '../helpers/program.ts';

/** What a bridge does not have: docs/mcp.md names the reasons. The suite fails for one of them that passes. */
const NOT_APPLICABLE = [
  ...['logging-set-level', 'tools-call-with-logging', 'completion-complete'],
  ...['tools-call-sampling', 'tools-call-elicitation', 'elicitation-sep1034-defaults', 'elicitation-sep1330-enums'],
  ...['resources-list', 'resources-read-text', 'resources-read-binary', 'resources-templates-read'],
  ...['resources-subscribe', 'resources-unsubscribe'],
  ...[
    'prompts-list',
    'prompts-get-simple',
    'prompts-get-with-args',
    'prompts-get-embedded-resource',
    'prompts-get-with-image',
  ],
  'dns-rebinding-protection',
];

const APPLICABLE = [
  ...['server-initialize', 'ping', 'tools-list', 'tools-call-simple-text', 'tools-call-image', 'tools-call-audio'],
  ...['tools-call-embedded-resource', 'tools-call-mixed-content', 'tools-call-error', 'tools-call-with-progress'],
];

declareWith(test)('all scenarios that concern tools pass, and the others are those that are named', async (t) => {
  t.timeout(180_000);
  const program = mcpOracleProgram('@modelcontextprotocol/conformance', 'dist/index.js');
  const home = await agentHome(t);
  const module = fixture('agents/conformance.ts');
  writeAgent(home, LABEL, await descriptionOf(module));
  await holdInstalled(t, home, { module });
  const url = await serveOverHttp(t, () => startBridge(t, home));
  const baseline = join(home.folder, 'baseline.yml');
  writeFileSync(baseline, `server:\n${NOT_APPLICABLE.map((name) => `  - ${name}\n`).join('')}`);
  const { status, stdout, stderr } = await runProgram(
    [
      process.execPath,
      program,
      'server',
      '--url',
      url,
      '--suite',
      'active',
      '--expected-failures',
      baseline,
      '-o',
      'results',
    ],
    { cwd: home.folder },
  );
  const output = `${stdout}${stderr}`;
  t.is(status, 0, output);
  for (const name of APPLICABLE) t.regex(output, new RegExp(name), output);
});
