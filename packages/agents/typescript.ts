import ts from 'typescript';
export function answer() {
  const host = ts.createCompilerHost({});
  const source = 'const a: number = "text"; [1].map(String);';
  const read = host.getSourceFile;
  host.getSourceFile = (name, ...rest) =>
    name === 'a.ts' ? ts.createSourceFile(name, source, ts.ScriptTarget.ES2022) : read.call(host, name, ...rest);
  const program = ts.createProgram(['a.ts'], { noEmit: true, types: [] }, host);
  return ts.getPreEmitDiagnostics(program).map(({ code }) => code);
}
