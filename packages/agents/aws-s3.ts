import { GetObjectCommand, NoSuchKey, S3Client } from '@aws-sdk/client-s3';
export async function answer() {
  const client = new S3Client({
    region: 'eu-central-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    endpoint: 'http://127.0.0.1:9',
    maxAttempts: 1,
  });
  const error = await client.send(new GetObjectCommand({ Bucket: 'b', Key: 'k' })).catch((thrown) => thrown);
  return [NoSuchKey.name, error.code, new NoSuchKey({ message: 'm', $metadata: {} }).name];
}
