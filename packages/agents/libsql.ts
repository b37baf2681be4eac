import Database from 'libsql';

export const answer = () =>
  (new Database(':memory:').prepare('select 6 * 7 as answer').get() as { answer: number }).answer;
