import PDFDocument from 'pdfkit';
export async function answer() {
  const document = new PDFDocument({ info: { CreationDate: new Date(0) } });
  const parts: Buffer[] = [];
  document.on('data', (part: Buffer) => parts.push(part));
  const ended = new Promise((resolve) => document.on('end', resolve));
  document.font('Times-Roman').text('Hello');
  document.end();
  await ended;
  return Buffer.concat(parts).subarray(0, 8).toString('latin1');
}
