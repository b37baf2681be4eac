import * as ort from 'onnxruntime-web';
export async function answer() {
  const tensor = new ort.Tensor('float32', Float32Array.of(1, 2), [2]);
  const error = await ort.InferenceSession.create(Uint8Array.of(1, 2, 3)).catch((thrown: Error) => thrown.message);
  return [tensor.dims, String(error).slice(0, 40)];
}
