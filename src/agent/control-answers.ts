/** What can be asked of a running agent at its control socket, and what it answers. */
import { LaunchpoolError } from '../../wire/errors.ts';
import { LOG_LEVELS, type Log, type LogLevel } from '../log.ts';
import type { Answer, Answers } from './control.ts';
import type { Reloaded } from './reload.ts';
import type { AgentStatus } from './status.ts';

export type AnswerSources = {
  /** @param asker to whom utilisation is told since the last time. */
  status: (asker: object) => AgentStatus;
  /** Resolves when a thread has loaded the module, or has failed to. */
  loaded: () => Promise<unknown>;
  leave: (reason: string) => void;
  /** Swaps the module for what stands at its path now. */
  reload: () => Promise<Reloaded>;
  log: Log;
};

export function createAnswers({ status, loaded, leave, reload, log }: AnswerSources): Answers {
  return {
    ping: withoutParams('ping', () => 'pong'),
    status: withoutParams('status', ({ asker }) => status(asker)),
    /** As status, but when it is known whether the module can be loaded. */
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
      after(() => leave('drain'));
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
