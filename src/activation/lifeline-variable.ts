/** Tells the agent the descriptor of its lifeline. */
export const LIFELINE_VARIABLE = 'LAUNCHPOOL_LIFELINE_FD';
