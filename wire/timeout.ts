/** The longest time that setTimeout() accepts, and a request may ask for; it takes longer ones for 0. */
export const MAX_TIMEOUT_MS: number = 2 ** 31 - 1;
