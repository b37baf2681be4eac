/**
 * Work that takes so many microseconds of an otherwise idle processor. It is a fixed number of steps and not a look at
 * the clock: a thread that is interrupted has to make up for it, as it would with real work.
 */

/** How many steps fit into a microsecond; the bench measures it once and hands it to every contender. */
export const SPINS_VARIABLE = 'BENCH_SPINS_PER_US';

const CALIBRATION_SPINS = 2_000_000;
const CALIBRATION_ROUNDS = 15;

const spinsPerUs = Number(process.env[SPINS_VARIABLE] ?? 0);
let result = 1;

export function burn(microseconds: number): void {
  if (spinsPerUs === 0) throw new Error(`${SPINS_VARIABLE} is not set`);
  result ^= spin(Math.round(microseconds * spinsPerUs));
}

/** The fastest of several rounds: whatever else the machine does can only make it slower. */
export function calibrateSpins(): number {
  let fastest = Number.POSITIVE_INFINITY;
  for (let round = 0; round < CALIBRATION_ROUNDS; round += 1) {
    const startedAt = performance.now();
    result ^= spin(CALIBRATION_SPINS);
    fastest = Math.min(fastest, performance.now() - startedAt);
  }
  return CALIBRATION_SPINS / (fastest * 1000);
}

function spin(count: number): number {
  let state = result | 1;
  for (let index = 0; index < count; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
  }
  return state;
}
