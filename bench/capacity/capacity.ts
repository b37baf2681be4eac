/** `npm run bench -- nats-capacity`: how many instances of a service on NATS does a load need? */
import { type Answer, answerJson, answerText } from './capacity-text.ts';
import { CAPACITY_HELP, readCapacityOptions, type ServiceSource } from './options.ts';
import { gammaTimes, readTimes, type ServiceTimes } from './service-times.ts';
import { findInstances } from './sizing.ts';

/** @returns the exit status. @throws Error for what is invalid, or cannot be served. */
export async function runCapacity(args: readonly string[]): Promise<number> {
  const options = readCapacityOptions(args);
  if (options === undefined) {
    process.stdout.write(CAPACITY_HELP);
    return 0;
  }
  const service = await serviceOf(options.source);
  const sizing = findInstances({ ...options, service });
  const answer: Answer = { options, service, sizing };
  if (options.check !== undefined) {
    const { checkCluster } = await import('./check.ts');
    const { instances = sizing.needed, seconds } = options.check;
    answer.checked = await checkCluster({ ...options, service, instances, seconds });
  }
  process.stdout.write(`${(options.json ? answerJson : answerText)(answer)}\n`);
  return 0;
}

async function serviceOf(source: ServiceSource): Promise<ServiceTimes> {
  if (source.kind === 'mean') return gammaTimes(source.meanMs, source.cv);
  if (source.kind === 'file') return readTimes(source.file);
  return (await import('./live-service.ts')).liveTimes(source.address);
}
