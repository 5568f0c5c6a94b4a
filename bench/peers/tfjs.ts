import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-webgpu";
import type { Peer, SmallNetworkShape } from "./peer.ts";

/**
 * TensorFlow.js on its WebGPU backend: `SmallResNet` with biases in place of batch norm (TensorFlow.js
 * has no batch norm for training), mean over space, softmax cross-entropy, SGD with momentum.
 */
export async function tfjsSmallNetwork(
  { batch, size, classes }: SmallNetworkShape,
): Promise<Peer> {
  if (!await tf.setBackend("webgpu")) throw new Error("TensorFlow.js has no WebGPU backend here");
  await tf.ready();
  const variables: tf.Variable[] = [];
  const convolution = (inputs: number, outputs: number, kernel: number, stride: number) => {
    const deviation = Math.sqrt(2 / (kernel * kernel * inputs));
    const weights = tf.variable(tf.randomNormal([kernel, kernel, inputs, outputs], 0, deviation));
    const bias = tf.variable(tf.zeros([outputs]));
    variables.push(weights, bias);
    return (x: tf.Tensor4D) =>
      tf.add(tf.conv2d(x, weights as tf.Tensor4D, stride, "same"), bias) as tf.Tensor4D;
  };
  const block = (inputs: number, outputs: number, stride: number) => {
    const first = convolution(inputs, outputs, 3, stride);
    const second = convolution(outputs, outputs, 3, 1);
    const changes = stride !== 1 || inputs !== outputs;
    const shortcut = changes ? convolution(inputs, outputs, 1, stride) : (x: tf.Tensor4D) => x;
    return (x: tf.Tensor4D) =>
      tf.relu(tf.add(second(tf.relu(first(x))), shortcut(x))) as tf.Tensor4D;
  };
  const stem = convolution(3, 16, 3, 2);
  const blocks = [block(16, 16, 1), block(16, 32, 2), block(32, 64, 1)];
  const last = convolution(64, classes, 1, 1);

  const images = tf.randomNormal([batch, size, size, 3]) as tf.Tensor4D;
  const classOf = Int32Array.from({ length: batch }, (_, n) => n % classes);
  const labels = tf.oneHot(tf.tensor1d(classOf, "int32"), classes);
  const loss = () => {
    const features = blocks.reduce((x, next) => next(x), tf.relu(stem(images)) as tf.Tensor4D);
    const logits = tf.mean(last(features), [1, 2]);
    return tf.losses.softmaxCrossEntropy(labels, logits) as tf.Scalar;
  };
  const optimiser = tf.train.momentum(0.01, 0.9);
  const read = async (value: tf.Tensor) => {
    const [number] = await value.data();
    value.dispose();
    return number;
  };
  return {
    name: `TensorFlow.js ${tf.version.tfjs} WebGPU`,
    step: () => read(optimiser.minimize(loss, true, variables)!),
    forward: () => read(tf.tidy(loss)),
    close: () => tf.disposeVariables(),
  };
}
