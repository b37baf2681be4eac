/** In any order of events on any threads, every request has one outcome, the right one, in its order. */
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { stopBenches } from '../../helpers/dispatch-bench.ts';
import { anyLimitedStep, anyStep, LIMITS, type Step, World } from '../../helpers/dispatch-world.ts';

test.after.always(stopBenches);

async function holds(t: ExecutionContext, anyStep: fc.Arbitrary<Step>, create: () => World): Promise<void> {
  const property = fc.asyncProperty(fc.array(anyStep, { maxLength: 60, size: 'max' }), async (steps) => {
    const world = create();
    for (const step of steps) await world.step(step);
    await world.finishAll();
    world.check();
    await world.checkSlots();
    stopBenches();
  });
  const { failed, counterexample, errorInstance } = await fc.check(property, { numRuns: 150 });
  t.false(failed, `${JSON.stringify(counterexample)}: ${errorInstance}`);
}

for (const kind of ['rpc', 'raw'] as const) {
  test.serial(`every request of ${kind} connections has one outcome, the right one, and no slot is lost`, (t) =>
    holds(t, anyStep, () => new World(kind)),
  );
}

test.serial('never more requests of a method run at once than its limit, and every request has one outcome', (t) =>
  holds(t, anyLimitedStep, () => new World('rpc', LIMITS)),
);
