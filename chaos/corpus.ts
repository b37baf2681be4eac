/** A mutating corpus over the framing, the handshake and JSON-RPC: to the parsers, and to running agents. */

import { checkAgents } from './corpus/live.ts';
import { checkParsers } from './corpus/parsers.ts';
import type { Verb } from './verb.ts';

export const corpus: Verb = async ({ options: { inputs }, random, scope, progress }) => {
  const parsers = checkParsers(random, inputs, (done) => progress(`parsers: ${done} of ${inputs}`));
  const agents = await checkAgents(scope, random, inputs, (done) => progress(`agents: ${done} of ${inputs}`));
  return {
    faults: [...parsers.faults, ...agents.faults],
    figures: { parsers: parsers.figures, agents: agents.figures },
  };
};
