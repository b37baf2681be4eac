/** Errors by which a method refuses its arguments: src/checked-arguments.ts throws them. They are faults of the caller. */
import { pointerInParams } from '../wire/json-pointer.ts';

const REFUSED = Symbol.for('launchpool.refused');

type Refusal = Error & { data: { pointer: string } };

/** What a method throws may be anything: a proxy whose traps throw, for example. */
export function isRefusal(thrown: unknown): thrown is Refusal {
  try {
    return thrown instanceof Error && (thrown as unknown as Record<symbol, unknown>)[REFUSED] === true;
  } catch {
    return false;
  }
}

/** Leads to the value in the params of the request. @param isByName whether they are one object, the first argument */
export function pointToParams(refusal: Refusal, isByName: boolean): void {
  refusal.data = { ...refusal.data, pointer: pointerInParams(refusal.data.pointer, isByName) };
}
