/** `launchpool/testing`: an agent for the tests of its module, in any test runner. */
import '../../wire/node-version.ts';

export type { AgentFlags, TestAgentOptions } from './options.ts';
export { startAgent } from './start-agent.ts';
export type { ClientOf, TestAgent } from './test-agent.ts';
