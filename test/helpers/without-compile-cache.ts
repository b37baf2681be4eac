/**
 * Loaded before each file of tests: the programs that a test starts must not find the cache that Node keeps for the tests
 * themselves. For this process it has been read.
 */
delete process.env.NODE_COMPILE_CACHE;
