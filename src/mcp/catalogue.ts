/** The tools of all agents that are served, as their files have them at the moment. */
import type { Description, MethodDescription } from '../../description/description.ts';
import type { LaunchpoolError } from '../../wire/errors.ts';
import type { AgentFiles, AgentReader } from './agent-files.ts';
import { type Era, MODERN } from './eras.ts';
import { Fault } from './messages.ts';
import { toolName, toolNames } from './tool-names.ts';
import { type Tool, toolMethods, toolOf } from './tools.ts';

export type ServedTool = { name: string; label: string; method: MethodDescription; description: Description };

export type Catalogue = {
  /** @throws ERR_LAUNCHPOOL_TOOL_NAMES */
  checkNames(): void;
  /**
   * In the order of the labels, and of the names of the methods.
   * @throws Fault if no agent has tools because of a problem; ERR_LAUNCHPOOL_TOOL_NAMES
   */
  tools(era: Era): Tool[];
  /**
   * Undefined for a name that is no tool.
   * @throws the problem of the agent that may have had it; ERR_LAUNCHPOOL_TOOL_NAMES
   */
  find(name: string): ServedTool | undefined;
  /** What keeps agents from being served, by their labels. */
  problems(): Map<string, LaunchpoolError>;
  /** Text that differs when the tools do. While an agent is being installed, what it had before counts. */
  fingerprint(): string;
  /** The folders in which changes of it show. */
  folders(): string[];
};

export function createCatalogue(readers: readonly AgentReader[]): Catalogue {
  const parts = new Map<string, string>();
  const isOneAgent = readers.length === 1;
  const read = (): AgentFiles[] => readers.map((reader) => reader.read());

  function served(agents: readonly AgentFiles[]): ServedTool[] {
    const all = agents.flatMap((agent) =>
      'description' in agent
        ? toolMethods(agent.description).map((method) => ({
            label: agent.label,
            method,
            description: agent.description,
          }))
        : [],
    );
    const named = all.map(({ label, method }) => ({ label, method: method.name }));
    return [...toolNames(named, isOneAgent).keys()].map((name, index) => ({
      ...(all[index] as (typeof all)[number]),
      name,
    }));
  }

  function problemsOf(agents: readonly AgentFiles[]): Map<string, LaunchpoolError> {
    return new Map(agents.flatMap((agent) => ('problem' in agent ? [[agent.label, agent.problem]] : [])));
  }

  return {
    checkNames: () => void served(read()),
    tools(era) {
      const agents = read();
      const [problem] = problemsOf(agents).values();
      if (problem !== undefined && agents.every((agent) => 'problem' in agent)) throw faultOf(problem);
      return served(agents).map(({ name, method, description }) => toolOf(name, method, description, era));
    },
    find(name) {
      const agents = read();
      const found = served(agents).find((tool) => tool.name === name);
      if (found !== undefined) return found;
      for (const [label, problem] of problemsOf(agents)) {
        if (isOneAgent || name.startsWith(toolName('', label))) throw problem;
      }
      return undefined;
    },
    problems: () => problemsOf(read()),
    fingerprint() {
      for (const agent of read()) {
        if ('description' in agent) {
          const tools = toolMethods(agent.description).map((method) =>
            toolOf(method.name, method, agent.description, MODERN),
          );
          parts.set(agent.label, JSON.stringify(tools));
        } else if (!agent.isPassing) parts.set(agent.label, String(agent.problem.code));
      }
      return JSON.stringify([...parts]);
    },
    folders: () => read().flatMap(({ folders }) => folders),
  };
}

/** An error of launchpool in the place of a list of tools. */
export function faultOf({ message, code, hint }: LaunchpoolError): Fault {
  return new Fault('internal', `${message} (${code})${hint === undefined ? '' : `. ${hint}`}`, { code, hint });
}
