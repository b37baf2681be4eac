/** What an agent does with arguments that do not have the types of the parameters. */

/** `on` refuses them, `warn` logs them and calls the method, `off` does not look. */
export const VALIDATION_MODES = ['on', 'warn', 'off'] as const;

export type ValidationMode = (typeof VALIDATION_MODES)[number];
