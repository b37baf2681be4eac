/** A thread of the service with Piscina: JSON in, JSON out, and the same method as the other services have. */
import { echo } from '../handlers.ts';

const decoder = new TextDecoder();

export default (body: Uint8Array): string => {
  const [text] = JSON.parse(decoder.decode(body)) as [string];
  return JSON.stringify(echo(text));
};
