import QRCode from 'qrcode';
export const answer = async () => (await QRCode.toString('a', { type: 'svg' })).length;
