import yargs from 'yargs';
export const answer = () => {
  const p = yargs(['--a', '1']).locale('de').parseSync() as { a: number };
  return p.a;
};
