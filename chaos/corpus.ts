/** A mutating corpus over the framing, the handshake and JSON-RPC: to the parsers, and to running agents. */

import { checkAgents } from './corpus/live.ts';
import { checkParsers } from './corpus/parsers.ts';
import type { Verb } from './verb.ts';

/** An input to an agent takes as long as some to the parsers. */
const LIVE_SHARE = 10;

export const corpus: Verb = async ({ options: { inputs }, random, scope, progress }) => {
  const parsers = checkParsers(random, inputs, (done) => progress(`parsers: ${done} of ${inputs}`));
  const toAgents = Math.ceil(inputs / LIVE_SHARE);
  const agents = await checkAgents(scope, random, toAgents, (done) => progress(`agents: ${done} of ${toAgents}`));
  return {
    faults: [...parsers.faults, ...agents.faults],
    figures: { parsers: parsers.figures, agents: agents.figures },
  };
};
