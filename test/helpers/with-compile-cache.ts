/**
 * Imported by files of tests that start programs or threads from the sources, and look at no cache: the removal of types
 * takes longer than most of those run. Takes back what without-compile-cache.ts does.
 */
import { COMPILE_CACHE } from './compile-cache.ts';

Object.assign(process.env, COMPILE_CACHE);
