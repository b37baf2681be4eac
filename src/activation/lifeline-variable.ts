/** The environment variable with the descriptor of the lifeline. */
export const LIFELINE_VARIABLE = 'LAUNCHPOOL_LIFELINE_FD';
