/** The steps of an installation, in their order. */
export const INSTALL_STEPS = {
  check: 'Find the supervisor',
  node: 'Choose the Node.js to run it',
  bundle: 'Bundle the module',
  program: 'Write the program and the module',
  module: 'Check that the module loads',
  describe: 'Describe its methods',
  files: 'Write the files of the supervisor',
  load: 'Have the supervisor hold the sockets',
  verify: 'Start the agent and verify that it answers',
} as const;

export type InstallStep = keyof typeof INSTALL_STEPS;
