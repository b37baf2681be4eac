/** What a type may be, one by one. */
import type { Compiler, Type } from './compiler.ts';

/** The types of a union; the type itself if it is none. */
export function membersOf(compiler: Compiler, type: Type): readonly Type[] {
  const shape = compiler.shapeOf(type);
  return shape.kind === 'union' ? shape.types.flatMap((each) => membersOf(compiler, each)) : [type];
}

/** Whether sources say that it may be undefined. */
export function isOrUndefined(compiler: Compiler, type: Type): boolean {
  return membersOf(compiler, type).some((each) => compiler.shapeOf(each).kind === 'undefined');
}

/** Whether a value of the type may be undefined, which JSON leaves out of an object. */
export function mayBeUndefined(compiler: Compiler, type: Type): boolean {
  return membersOf(compiler, type).some((each) => {
    const shape = compiler.shapeOf(each);
    if (shape.kind === 'open') return shape.constraint === undefined || mayBeUndefined(compiler, shape.constraint);
    return ['undefined', 'any', 'unresolved', 'unknown'].includes(shape.kind);
  });
}
