/** What commander makes of the agent's flags, and what the verbs take from it. */

import test from 'ava';
import { Command } from 'commander';
import { AGENT_FLAGS } from '../../../src/agent/agent-flags.ts';
import { addAgentFlags } from '../../../src/cli/commands/shared.ts';
import { agentFlagsOf } from '../../../src/cli/given-flags.ts';

const given = (...args: string[]): Record<string, unknown> =>
  agentFlagsOf(addAgentFlags(new Command()).parse(args, { from: 'user' }).opts());

test('every flag that is given arrives under its own name, and no other', (t) => {
  for (const [name, { value }] of Object.entries(AGENT_FLAGS)) {
    const expected = value === undefined ? true : '1';
    const found = given(`--${name}`, ...(value === undefined ? [] : ['1']));
    t.deepEqual(
      Object.entries(found).filter(([, one]) => one !== undefined),
      [[name, expected]],
      name,
    );
  }
});

test('without any there is none', (t) => {
  t.true(Object.values(given()).every((value) => value === undefined));
});
