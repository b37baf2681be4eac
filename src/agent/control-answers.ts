/** The methods of the control socket. */
import { LaunchpoolError } from '../../wire/errors.ts';
import { LOG_LEVELS, type Log, type LogLevel } from '../log.ts';
import type { Answer, Answers } from './control.ts';
import type { Reloaded } from './reload.ts';
import type { AgentStatus } from './status.ts';

export type AnswerSources = {
  /** @param asker utilisation is measured since its last status. */
  status: (asker: object) => AgentStatus;
  /** Resolves when a thread has loaded the module or failed to. */
  loaded: () => Promise<unknown>;
  shutDown: (reason: string) => void;
  /** See reload.ts. */
  reload: () => Promise<Reloaded>;
  log: Log;
};

export function createAnswers({ status, loaded, shutDown, reload, log }: AnswerSources): Answers {
  return {
    ping: withoutParams('ping', () => 'pong'),
    status: withoutParams('status', ({ asker }) => status(asker)),
    /** As status, after the first attempt to load the module. */
    ready: withoutParams('ready', async ({ asker }) => {
      await loaded();
      return status(asker);
    }),
    metrics: withoutParams('metrics', async ({ asker }) => {
      const { metricsText } = await import('./metrics.ts');
      return metricsText(status(asker));
    }),
    reload: withoutParams('reload', reload),
    drain: withoutParams('drain', ({ asker, after }) => {
      after(() => shutDown('drain'));
      const { pid, connections, requests } = status(asker);
      return { pid, connections, requests };
    }),
    logLevel({ params }) {
      if (params.length > 0) log.level = levelOf(params);
      return log.level;
    },
  };
}

function withoutParams(method: string, answer: Answer): Answer {
  return (question) => {
    if (question.params.length === 0) return answer(question);
    throw invalid(`${method} takes no params`);
  };
}

function levelOf(params: readonly unknown[]): LogLevel {
  const level = LOG_LEVELS.find((known) => params.length === 1 && known === params[0]);
  if (level !== undefined) return level;
  throw invalid(`logLevel takes one of ${LOG_LEVELS.join(', ')}, in an array, or nothing`);
}

function invalid(message: string): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_PARAMS_INVALID', message);
}
