import { Writable } from 'node:stream';
import winston from 'winston';
export const answer = () => {
  let text = '';
  const stream = new Writable({
    write(c, _e, done) {
      text += c;
      done();
    },
  });
  winston
    .createLogger({ format: winston.format.simple(), transports: [new winston.transports.Stream({ stream })] })
    .info('hello');
  return text.trim();
};
