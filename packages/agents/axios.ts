import axios, { AxiosError } from 'axios';
export const answer = async () => {
  const e = await axios.get('http://127.0.0.1:9').catch((t) => t);
  return [e.name, e instanceof AxiosError, AxiosError.name];
};
