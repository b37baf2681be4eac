/** `npm run capacity`: how many instances a load needs. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SHORT_TEMP } from '../../test/helpers/temp-dir.ts';
import { endAll } from '../processes.ts';
import { tableText } from '../text.ts';
import { type Plan, planInstances } from './instances.ts';
import { type CapacityOptions, HELP, readOptions } from './options.ts';
import { simulate } from './queue.ts';
import { msText, planText } from './text.ts';

const TOO_FEW = 1;
const USAGE = 64;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  let options: CapacityOptions | undefined;
  let plan: Plan;
  try {
    options = readOptions(args);
    if (options === undefined) {
      process.stdout.write(HELP);
      return 0;
    }
    plan = planInstances(options.demand);
  } catch (error) {
    process.stderr.write(`capacity: ${(error as Error).message}\nSee npm run capacity -- --help.\n`);
    return USAGE;
  }
  const { demand, isJson, check } = options;
  if (!isJson) process.stdout.write(planText(plan, demand));
  const instances = check?.instances ?? plan.needed;
  const checked = check === undefined || instances === undefined ? undefined : await checkPlan(options, instances);
  if (isJson) process.stdout.write(`${JSON.stringify({ ...plan, checked }, undefined, 2)}\n`);
  else if (checked !== undefined) process.stdout.write(`\n${checkedText(checked)}\n`);
  return plan.needed === undefined ? TOO_FEW : 0;
}

type Checked = { instances: number; measured: Side & { failed: number; requests: number }; simulated: Side };
type Side = { meanMs: number; p50Ms: number; p99Ms: number };

async function checkPlan({ demand, check }: CapacityOptions, instances: number): Promise<Checked> {
  const { measureCluster } = await import('./check.ts');
  const folder = await mkdtemp(join(SHORT_TEMP, 'capacity-'));
  try {
    const measured = await measureCluster(demand, { folder, instances, seconds: check?.seconds ?? 0 });
    const places = instances * demand.placesEach;
    const { meanWaitMs, p50Ms, p99Ms } = simulate({ ...demand, places });
    return { instances, measured, simulated: { meanMs: meanWaitMs + demand.times.meanMs, p50Ms, p99Ms } };
  } finally {
    await endAll();
    await rm(folder, { recursive: true, force: true });
  }
}

function checkedText({ instances, measured, simulated }: Checked): string {
  const cells = ({ meanMs, p50Ms, p99Ms }: Side): string[] => [meanMs, p50Ms, p99Ms].map(msText);
  const title = `${instances} instances on this machine, ${measured.requests} requests, ${measured.failed} failed:`;
  return `${title}\n\n${tableText([
    ['', 'mean', 'p50', 'p99'],
    ['measured', ...cells(measured)],
    ['simulated', ...cells(simulated)],
  ])}`;
}
