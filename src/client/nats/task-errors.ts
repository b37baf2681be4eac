/** The errors of calls for later: what JetStream says, by launchpool's codes. */
import { LaunchpoolError } from '../../../wire/errors.ts';
import {
  API_CODES,
  apiCodeOf,
  isNotReady,
  isUnanswered,
  type JetStream,
  jetStreamFailed,
  noJetStream,
} from '../../nats/later/jetstream.ts';
import { type TaskNames, timeOfTaskId } from '../../nats/later/task-names.ts';
import { natsClosed } from './service-errors.ts';

const NANOSECONDS = 1_000_000;

export type TaskErrors = {
  /** The error by which storing or fetching has failed. @param stored the id of the task that was to be stored. */
  of(error: unknown, stored?: string): Promise<LaunchpoolError>;
  /** The error for an id without a stored task. */
  unknown(id: string): Promise<LaunchpoolError>;
};

/** @param place of the service, for people. */
export function createTaskErrors(
  place: string,
  { jetStream, streams }: { jetStream: JetStream; streams: TaskNames },
): TaskErrors {
  /** A message that no stream takes does not say why; a question about the stream does. */
  async function whyUnanswered(cause: unknown): Promise<LaunchpoolError> {
    try {
      await jetStream.streams.info(streams.outcomes);
    } catch (error) {
      if (isUnanswered(error)) return noJetStream(place, error);
      if (apiCodeOf(error) === API_CODES.streamNotFound) return notDurable(place, error);
    }
    return jetStreamFailed(`the tasks of ${place} are not in reach`, cause);
  }

  return {
    async of(error, stored) {
      if (error instanceof LaunchpoolError) return error;
      if (isUnanswered(error)) return whyUnanswered(error);
      const code = apiCodeOf(error);
      if (code === API_CODES.streamNotFound) return notDurable(place, error);
      if (code === API_CODES.storeFailed || code === API_CODES.insufficientResources) return noRoom(place, error);
      const { name } = Object(error) as { name?: unknown };
      if (isNotReady(error)) return stored === undefined ? noAnswer(place, error) : notConfirmed(place, stored, error);
      if (name === 'ClosedConnectionError' || name === 'DrainingConnectionError') return natsClosed(place, error);
      return jetStreamFailed(`JetStream for ${place} has failed`, error);
    },
    async unknown(id) {
      const keepMs = await jetStream.streams.info(streams.outcomes).then(
        ({ config }) => (config.max_age ?? 0) / NANOSECONDS,
        () => 0,
      );
      const timeMs = timeOfTaskId(id);
      const isOld = timeMs !== undefined && keepMs > 0 && Date.now() - timeMs > keepMs;
      return isOld ? expired(place, id, keepMs) : unknownTask(place, id, keepMs);
    },
  };
}

/** Whether a task was refused because one with its id waits or runs. */
export function isKnownTask(error: unknown): boolean {
  return apiCodeOf(error) === API_CODES.storeFailed && /per subject/.test((error as Error).message);
}

export function taskTooLong(bytes: number, max: number): LaunchpoolError {
  const text = `a call for later of ${bytes} bytes; the maximum of the NATS server is ${max}`;
  const hint = 'Store what is large elsewhere, and pass its name; or raise max_payload of the NATS server.';
  return new LaunchpoolError('ERR_LAUNCHPOOL_FRAME_TOO_LARGE', text, { hint });
}

export function streamInTask(): LaunchpoolError {
  const text = 'a parameter is a stream, which a call for later cannot have';
  return new LaunchpoolError('ERR_LAUNCHPOOL_PARAMS_INVALID', text, { hint: 'Pass its values as an array.' });
}

function notDurable(place: string, cause: unknown): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_NOT_DURABLE', `${place} takes no calls for later`, {
    cause,
    hint: 'Start the service with `launchpool serve --durable`, and check its name.',
  });
}

function noRoom(place: string, cause: unknown): LaunchpoolError {
  const { message } = cause as Error;
  return new LaunchpoolError('ERR_LAUNCHPOOL_BUSY', `${place} has no room for a further call: ${message}`, {
    cause,
    data: { retryAfterMs: 1_000 },
    hint: 'Start more instances, or allow more with --max-stored or at the NATS server.',
  });
}

function notConfirmed(place: string, id: string, cause: unknown): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_CALL_TIMEOUT', `JetStream for ${place} does not answer in time`, {
    cause,
    data: { id },
    hint: `Whether the call is stored is not known. Repeat it with the id ${id}: it is not stored twice.`,
  });
}

function noAnswer(place: string, cause: unknown): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_CALL_TIMEOUT', `JetStream for ${place} does not answer in time`, {
    cause,
    hint: 'Ask again: a cluster that has lost a server needs some seconds.',
  });
}

function unknownTask(place: string, id: string, keepMs: number): LaunchpoolError {
  const kept = keepMs > 0 ? `, or its outcome is older than ${hoursOf(keepMs)}` : '';
  return new LaunchpoolError('ERR_LAUNCHPOOL_TASK_UNKNOWN', `${place} has no call for later ${id}${kept}`, {
    hint: 'Check the id and the name of the service.',
  });
}

function expired(place: string, id: string, keepMs: number): LaunchpoolError {
  const text = `${place} keeps outcomes for ${hoursOf(keepMs)}, and ${id} is older`;
  return new LaunchpoolError('ERR_LAUNCHPOOL_RESULT_EXPIRED', text, {
    hint: 'Fetch outcomes earlier, or have them kept for longer: --keep-results of the service.',
  });
}

function hoursOf(ms: number): string {
  return ms < 3_600_000 ? `${ms / 1_000} s` : `${Math.round(ms / 360_000) / 10} h`;
}
