/**
 * Work that takes the given microseconds of an otherwise idle processor. It is a fixed number of steps instead of a check
 * of the clock: like real work, it takes longer on a thread that is interrupted.
 */

/** The steps of a microsecond; the bench measures the number once and passes it to every contender. */
export const SPINS_VARIABLE = 'BENCH_SPINS_PER_US';

const CALIBRATION_SPINS = 2_000_000;
const CALIBRATION_ROUNDS = 15;

const spinsPerUs = Number(process.env[SPINS_VARIABLE] ?? 0);
let result = 1;

export function burn(microseconds: number): void {
  if (spinsPerUs === 0) throw new Error(`${SPINS_VARIABLE} is not set`);
  result ^= spin(Math.round(microseconds * spinsPerUs));
}

/** The fastest of several rounds: other processes can only make it slower. */
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
