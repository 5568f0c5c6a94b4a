import * as tf from "npm:@tensorflow/tfjs@4.22.0";
import "npm:@tensorflow/tfjs-backend-webgpu@4.22.0";
import type { Contestant, NetworkShape, SharedData } from "../contestant.ts";

/**
 * TensorFlow.js on its WebGPU backend: `SmallResNet` with biases in place of batch norm
 * (TensorFlow.js has no batch norm for training), mean over space, softmax cross-entropy, SGD with
 * momentum. With new batch norms both networks compute the same, but for their eps.
 */
export async function tfjsSmallNetwork(
  { batch, size, classes }: NetworkShape,
  { weights, images, labels }: SharedData,
): Promise<Contestant> {
  if (!await tf.setBackend("webgpu")) throw new Error("TensorFlow.js has no WebGPU backend here");
  await tf.ready();
  const variables: tf.Variable[] = [];
  const convolution = (name: string, stride: number) => {
    const { shape, data } = weights.find((tensor) => tensor.name === `${name}.weight`)!;
    const kernel = tf.tidy(() => {
      const ours = tf.tensor4d(data, shape as [number, number, number, number]);
      return tf.variable(tf.transpose(ours, [2, 3, 1, 0]) as tf.Tensor4D);
    }) as tf.Variable<tf.Rank.R4>;
    const bias = tf.variable(tf.zeros([shape[0]]));
    variables.push(kernel, bias);
    const padding = shape[2] >> 1;
    return (x: tf.Tensor4D) => tf.add(tf.conv2d(x, kernel, stride, padding), bias) as tf.Tensor4D;
  };
  const block = (name: string, stride: number) => {
    const first = convolution(`${name}.conv1`, stride);
    const second = convolution(`${name}.conv2`, 1);
    const changes = weights.some((tensor) => tensor.name === `${name}.downsample.0.weight`);
    const shortcut = changes ? convolution(`${name}.downsample.0`, stride) : (x: tf.Tensor4D) => x;
    return (x: tf.Tensor4D) =>
      tf.relu(tf.add(second(tf.relu(first(x))), shortcut(x))) as tf.Tensor4D;
  };
  const stem = convolution("conv1", 2);
  const blocks = [block("layer1", 1), block("layer2", 2), block("layer3", 1)];
  const last = convolution("conv_last", 1);

  const x = tf.tensor4d(images, [batch, size, size, 3]);
  const y = tf.oneHot(tf.tensor1d(Int32Array.from(labels), "int32"), classes);
  const logits = () => {
    const features = blocks.reduce((x, next) => next(x), tf.relu(stem(x)) as tf.Tensor4D);
    return tf.mean(last(features), [1, 2]);
  };
  const loss = () => tf.losses.softmaxCrossEntropy(y, logits()) as tf.Scalar;
  const optimiser = tf.train.momentum(0.001, 0.9);
  const read = async (value: tf.Tensor) => {
    const numbers = await value.data();
    value.dispose();
    return numbers;
  };
  return {
    name: `TensorFlow.js ${tf.version.tfjs} WebGPU`,
    phases: {
      "forward pass": () => read(tf.tidy(loss)),
      "training step": () => read(optimiser.minimize(loss, true, variables)!),
    },
    logits: () => read(tf.tidy(logits)),
    close: () => tf.disposeVariables(),
  };
}
