/** What a service on NATS says of its methods. It is asked at the start, and from time to time while a client lists its tools. */
import type { Description } from '../../description/description.ts';
import { fromOpenRpc } from '../../description/from-open-rpc.ts';
import type { OpenRpcDocument } from '../../description/open-rpc.ts';
import { LaunchpoolError } from '../../wire/errors.ts';
import type { AgentReader } from './agent-files.ts';

/** How old an answer may be before the service is asked again: other instances may have other methods. */
const FRESH_MS = 10_000;

export type ServiceReaderOptions = {
  /** For the names of tools, and for people. */
  label: string;
  /** Asks an instance for its document. */
  discover: () => Promise<OpenRpcDocument>;
};

/** Resolves when the service has answered, or has failed to. The first answer counts until there is another one. */
export async function createServiceReader({ label, discover }: ServiceReaderOptions): Promise<AgentReader> {
  let description: Description | undefined;
  let problem: LaunchpoolError | undefined;
  let asking: Promise<void> | undefined;
  let askedMs = 0;

  async function ask(): Promise<void> {
    try {
      description = fromOpenRpc(await discover());
    } catch (error) {
      problem = error instanceof LaunchpoolError ? error : notDescribed(label, error);
    } finally {
      askedMs = performance.now();
      asking = undefined;
    }
  }

  asking = ask();
  await asking;
  return {
    read() {
      if (performance.now() - askedMs > FRESH_MS) asking ??= ask();
      if (description !== undefined) return { label, folders: [], description };
      return { label, folders: [], problem: problem ?? notDescribed(label), isPassing: true };
    },
  };
}

function notDescribed(label: string, cause?: unknown): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_NOT_DESCRIBED', `${label} has not said which methods it has`, {
    cause,
    hint: 'Check that an instance runs: `launchpool describe` shows what it says.',
  });
}
