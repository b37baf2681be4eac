/** The pages of the site, in the order of its sidebar, and where their texts stand in the repository. */

/** A page: its name on the site, without `.md`, its title in the sidebar, and its source. */
export type SitePage = {
  readonly name: string;
  readonly title: string;
  readonly source: string;
  /** The title of the window, if the heading of the document does not say what the page is. */
  readonly window?: string;
};

const doc = (name: string, title: string): SitePage => ({ name, title, source: `docs/${name}.md` });
const example = (name: string, title: string): SitePage => ({
  name: `example-${name}`,
  title,
  source: `examples/${name}/README.md`,
});

export const SIDEBAR: readonly { readonly title: string; readonly pages: readonly SitePage[] }[] = [
  {
    title: 'Begin',
    pages: [
      doc('start', 'Start in 60 seconds'),
      doc('write', 'Write an agent'),
      doc('call', 'Call it'),
      doc('streams', 'Streams, bytes, progress'),
      doc('mcp', 'Tools of MCP'),
    ],
  },
  {
    title: 'Use',
    pages: [
      doc('operate', 'Install, upgrade, operate'),
      doc('app', 'In an app'),
      doc('nats', 'On many machines'),
      doc('nats-client', 'Call a service on NATS'),
      doc('testing', 'Test'),
      doc('debugging', 'Debug'),
      doc('tracing', 'Trace'),
      doc('description', 'Types and descriptions'),
      doc('modules', 'What a module may be'),
      doc('troubleshooting', 'Troubleshooting'),
    ],
  },
  {
    title: 'Examples',
    pages: [
      doc('examples', 'Overview'),
      example('rot13', 'rot13'),
      example('formatter', 'A formatter'),
      example('thumbnails', 'Thumbnails'),
      example('lookup', 'A lookup'),
      example('diagnostics', 'Type errors of a project'),
      example('tools', 'Tools for an AI client'),
      example('app', 'An application'),
      example('python', 'A client in Python'),
      example('opentelemetry', 'OpenTelemetry'),
    ],
  },
  {
    title: 'Reference',
    pages: [
      doc('options', 'Options'),
      doc('errors', 'Errors'),
      doc('protocol', 'The protocol'),
      doc('launchd', 'launchd, a field guide'),
      doc('systemd', 'systemd, a field guide'),
    ],
  },
  {
    title: 'Background',
    pages: [
      doc('compare', 'Compared with'),
      doc('security', 'Security'),
      doc('reliability', 'Reliability'),
      { name: 'bench', title: 'The bench', source: 'bench/README.md' },
      doc('performance', 'Performance'),
      doc('packages', 'Real packages'),
      { ...doc('architecture', 'Architecture'), window: 'Architecture' },
      { name: 'contributing', title: 'Contributing', source: 'CONTRIBUTING.md' },
      { name: 'changelog', title: 'Changelog', source: 'CHANGELOG.md' },
    ],
  },
];
