/** Type errors of a project, from a language service that stays warm, with files that are not saved yet. */
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { requestSignal } from 'launchpool/handler';
import ts from 'typescript';

export type Problem = { file: string; line: number; column: number; code: number; text: string };
type Project = { service: ts.LanguageService; edited: Record<string, string> };

const projects = new Map<string, Project>();

/**
 * Yields the errors of a project, those of the edited files first. Cancel the call at the next keystroke.
 * @param config the absolute path of its tsconfig.json
 * @param edited the texts of files that are not saved, by their absolute paths
 * @returns the number of checked files
 */
export async function* check(config: string, edited: Project['edited'] = {}): AsyncGenerator<Problem, number> {
  const project = projects.get(config) ?? open(config);
  const { service } = project;
  project.edited = edited;
  const files = service.getProgram()?.getRootFileNames() ?? [];
  for (const file of files.toSorted((a, b) => Number(b in edited) - Number(a in edited))) {
    // The event loop turns: only now can the signal of a cancelled request fire.
    await setImmediate();
    requestSignal().throwIfAborted();
    project.edited = edited;
    yield* [...service.getSyntacticDiagnostics(file), ...service.getSemanticDiagnostics(file)].map(problem);
  }
  return files.length;
}

function open(config: string): Project {
  const { config: json, error } = ts.readConfigFile(config, ts.sys.readFile);
  if (error !== undefined) throw new Error(problem(error).text);
  const { options, fileNames } = ts.parseJsonConfigFileContent(json, ts.sys, dirname(config));
  const text = (file: string): string | undefined => project.edited[file] ?? ts.sys.readFile(file);
  const service = ts.createLanguageService({
    ...ts.sys,
    useCaseSensitiveFileNames: () => ts.sys.useCaseSensitiveFileNames,
    getCurrentDirectory: () => dirname(config),
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    getCompilationSettings: () => options,
    getScriptFileNames: () => fileNames,
    getScriptVersion: (file) => project.edited[file] ?? String(statSync(file, { throwIfNoEntry: false })?.mtimeMs),
    getScriptSnapshot: (file) =>
      text(file) === undefined ? undefined : ts.ScriptSnapshot.fromString(text(file) ?? ''),
  });
  const project: Project = { service, edited: {} };
  projects.set(config, project);
  return project;
}

function problem({ file, start = 0, code, messageText }: ts.Diagnostic): Problem {
  const { line, character } = file?.getLineAndCharacterOfPosition(start) ?? { line: 0, character: 0 };
  const text = ts.flattenDiagnosticMessageText(messageText, '\n');
  return { file: file?.fileName ?? '', line: line + 1, column: character + 1, code, text };
}
