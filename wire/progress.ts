/** Progress in JSON-RPC 2.0: a request asks for it with `progress` beside its params; notifications `$/progress` carry it. */
export const PROGRESS_METHOD = '$/progress';

export type ProgressReport = {
  /** How much is done, in a unit that the method chooses. */
  done: number;
  /** How much there is to do; undefined if that is not known. */
  total?: number | undefined;
  /** What is being done, for people. */
  text?: string | undefined;
};

/** Undefined for params that are no report. */
export function readProgress(params: object): ProgressReport | undefined {
  const { done, total, text } = params as ProgressReport;
  if (typeof done !== 'number' || (total !== undefined && typeof total !== 'number')) return undefined;
  if (text !== undefined && typeof text !== 'string') return undefined;
  return { done, total, text };
}
