/** The verb `corpus`: gives mutated frames, handshakes and JSON-RPC to the parsers and to running agents. */
import { checkParsers } from './corpus/parsers.ts';
import { checkAgents } from './corpus/running-agents.ts';
import type { Verb } from './verb.ts';

export const corpus: Verb = async ({ options: { inputs }, random, scope, progress }) => {
  const parsers = checkParsers(random, inputs, (done) => progress(`parsers: ${done} of ${inputs}`));
  const agents = await checkAgents(scope, random, inputs, (done) => progress(`agents: ${done} of ${inputs}`));
  return {
    faults: [...parsers.faults, ...agents.faults],
    figures: { parsers: parsers.figures, agents: agents.figures },
  };
};
