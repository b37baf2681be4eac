/** In which order reloads and recoveries run, with a pool that the test drives. */
import test, { type ExecutionContext } from 'ava';
import { createReload, type Reload } from '../../../src/agent/reload.ts';
import { createLog } from '../../../src/log.ts';
import type { ModuleFacts } from '../../../workers/task.ts';

const [BROKEN, REPAIRED] = ['file:///broken.mjs', 'file:///repaired.mjs'];
const FACTS: ModuleFacts = { kind: 'rpc', methods: ['hello'] };

type Load = PromiseWithResolvers<ModuleFacts> & { moduleUrl: string; signal: AbortSignal | undefined };

type Rig = Reload & { options: { moduleUrl: string; modulePath: string | undefined }; loads: Load[] };

/** An agent whose module is broken. */
function start(): Rig {
  const loads: Load[] = [];
  const options: Rig['options'] = { moduleUrl: BROKEN, modulePath: undefined };
  let isBroken = true;
  const pool = {
    reload(moduleUrl: string, signal?: AbortSignal): Promise<ModuleFacts> {
      const load = { ...Promise.withResolvers<ModuleFacts>(), moduleUrl, signal };
      signal?.addEventListener('abort', () => load.reject(signal.reason));
      loads.push(load);
      return load.promise;
    },
  };
  const reload = createReload({
    options,
    pool,
    refusalReason: () => undefined,
    isBroken: () => isBroken,
    onReloaded() {
      isBroken = false;
    },
    log: createLog({ level: 'silent', pretty: false }),
  });
  return { ...reload, options, loads };
}

/** Completes the load number `index`, once it has started. */
async function complete(t: ExecutionContext, { loads }: Rig, index: number): Promise<void> {
  await new Promise(setImmediate);
  t.is(loads.length, index + 1);
  loads[index]?.resolve(FACTS);
}

test('a recovery whose turn comes after a reload has repaired the module loads nothing', async (t) => {
  const rig = start();
  rig.options.modulePath = REPAIRED;
  const reloaded = rig.reload();
  const recovered = rig.recover();
  await complete(t, rig, 0);
  await Promise.all([reloaded, recovered]);
  t.deepEqual(
    rig.loads.map(({ moduleUrl }) => moduleUrl),
    [REPAIRED],
  );
});

test('a reload ends a recovery that is still loading, and does not wait for it', async (t) => {
  const rig = start();
  const recovered = t.throwsAsync(rig.recover(), { message: /was told to reload/ });
  await new Promise(setImmediate);
  const reloaded = rig.reload();
  await recovered;
  await complete(t, rig, 1);
  t.like(await reloaded, { kind: 'rpc' });
});

test('a reload does not end an earlier reload', async (t) => {
  const rig = start();
  const both = [rig.reload(), rig.reload()];
  await complete(t, rig, 0);
  await complete(t, rig, 1);
  t.is((await Promise.all(both)).length, 2);
});

test('a recovery loads the module again', async (t) => {
  const rig = start();
  const recovered = rig.recover();
  await complete(t, rig, 0);
  await recovered;
  t.is(rig.loads[0]?.moduleUrl, BROKEN);
});
