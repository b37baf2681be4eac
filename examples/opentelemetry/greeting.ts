/** The first agent: calls the second one. */
import { type Agent, connect } from '../../src/client/index.ts';

type Shouting = typeof import('./shouting.ts');

let shouting: Promise<Agent<Shouting>> | undefined;

export async function greet(name: string): Promise<string> {
  shouting ??= connect<Shouting>(process.env.SHOUTING_SOCKET ?? 'com.example.shouting');
  const agent = await shouting;
  return agent.shout(`hello, ${name}`);
}
