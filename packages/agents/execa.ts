import { ExecaError, execa } from 'execa';
export const answer = async () => {
  const e = await execa('false').catch((t) => t);
  return [(await execa('echo', ['a'])).stdout, e.constructor.name, ExecaError.name];
};
