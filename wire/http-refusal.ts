/** Tells a client of HTTP, such as a browser or curl, what it has reached. */

/** The first bytes of a request: as the header of a frame, a length of more than a GiB. */
const METHODS = ['GET ', 'HEAD', 'POST', 'PUT ', 'DELE', 'CONN', 'OPTI', 'TRAC', 'PATC', 'PRI '];
const TEXT = `This is the socket of a launchpool agent, which does not speak HTTP. Call it with \`launchpool call\`, a client of
launchpool, or newline-delimited JSON-RPC 2.0.
`;
const HEADERS = `HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: ${TEXT.length}\r\nConnection: close\r\n\r\n`;

/** The beginning of the method of HTTP that the length of a frame that is too long would be. */
export function httpMethodOf(length: number): string | undefined {
  const start = Buffer.from(length.toString(16).padStart(8, '0'), 'hex').toString('latin1');
  return METHODS.find((method) => method === start)?.trim();
}

/** @param method as {@link httpMethodOf} returned it. */
export function httpRefusal(method: string): Buffer {
  return Buffer.from(method === 'HEAD' ? HEADERS : `${HEADERS}${TEXT}`);
}
