/**
 * Loaded before each file of tests: what a test starts shall not find the cache that node keeps for the tests themselves.
 * For this process it has been read.
 */
delete process.env.NODE_COMPILE_CACHE;
