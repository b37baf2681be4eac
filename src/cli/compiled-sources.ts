/** The name of the file in which `launchpool dev` has the compiled sources of a version, beside the file to load. */
export const COMPILED_SOURCES = 'sources.json';
