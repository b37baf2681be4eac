/** `launchpool describe`: prints what an agent says of its methods. Starts nothing for a label. */
import type { OpenRpcDocument, OpenRpcMethod } from '../../../description/open-rpc.ts';
import { isServiceTarget, withoutCredentials } from '../../../wire/address.ts';
import { LaunchpoolError } from '../../../wire/errors.ts';
import { similarTo } from '../../../wire/suggestion.ts';
import { documentOf } from '../agent-document.ts';
import { documentText, methodText, terminalWidth } from '../description-text.ts';
import { exampleCalls } from '../example-calls.ts';
import type { CommanderFlags } from '../given-flags.ts';
import { type JsonFlag, report } from '../report.ts';

/** @param name of the only method that is printed, with examples. */
export function describeVerb(
  target: string,
  name: string | undefined,
  flags: CommanderFlags & JsonFlag,
): Promise<number> {
  const shown = withoutCredentials(target);
  return report({
    json: flags.json,
    run: async () => {
      const document = await documentOf(target, flags);
      return name === undefined ? document : { ...document, methods: [methodIn(document, name, shown)] };
    },
    render: (document) => {
      const [method] = document.methods;
      const width = terminalWidth();
      return name === undefined || method === undefined
        ? documentText(document, width)
        : `${methodText(method, width, true)}\n${examplesText(shown, method, document)}`;
    },
  });
}

/** @throws ERR_LAUNCHPOOL_METHOD_NOT_FOUND */
export function methodIn({ methods }: OpenRpcDocument, name: string, target: string): OpenRpcMethod {
  const found = methods.find((method) => method.name === name);
  if (found !== undefined) return found;
  const names = methods.map((method) => method.name);
  const similar = similarTo(name, names);
  const question = similar === undefined ? '' : `Did you mean ${similar}? `;
  throw new LaunchpoolError('ERR_LAUNCHPOOL_METHOD_NOT_FOUND', `${target} has no method ${JSON.stringify(name)}`, {
    hint: `${question}Its methods: ${names.join(', ')}.`,
  });
}

function examplesText(target: string, method: OpenRpcMethod, { components }: OpenRpcDocument): string {
  const { shell, typescript, python } = exampleCalls(target, method, components);
  const texts = {
    Shell: shell,
    TypeScript: typescript,
    // It connects to sockets.
    ...(!isServiceTarget(target) && { 'Python, with examples/python/launchpool_client.py': python }),
  };
  return Object.entries(texts)
    .map(([title, text]) => `${title}:\n${text.replaceAll(/^(?=.)/gm, '  ')}\n`)
    .join('\n');
}
