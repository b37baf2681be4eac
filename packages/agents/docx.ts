import { Document, Packer, Paragraph } from 'docx';
export const answer = async () =>
  (await Packer.toBuffer(new Document({ sections: [{ children: [new Paragraph('a')] }] }))).subarray(0, 2).toString();
