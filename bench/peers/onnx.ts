import type { NamedTensor } from "../contestant.ts";

/**
 * Writes ONNX models: just enough of the protocol buffer format (tagged varints and
 * length-delimited fields, https://protobuf.dev/programming-guides/encoding) and of onnx.proto3.
 */

/** One operator application. */
export interface OnnxNode {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly output: string;
  /** Integers, lists of integers, or floats given as `{ float }`. */
  readonly attributes?: Readonly<Record<string, number | readonly number[] | { float: number }>>;
}

/** A graph from float32 inputs to one float32 output. */
export interface OnnxGraph {
  readonly inputs: readonly { readonly name: string; readonly shape: readonly number[] }[];
  readonly output: { readonly name: string; readonly shape: readonly number[] };
  readonly nodes: readonly OnnxNode[];
  readonly weights: readonly NamedTensor[];
}

/** An ONNX file of operator set 17. */
export function encodeOnnx({ inputs, output, nodes, weights }: OnnxGraph): Uint8Array<ArrayBuffer> {
  const graph = new Message();
  for (const node of nodes) graph.message(1, encodeNode(node));
  graph.text(2, "graph");
  for (const { name, shape, data } of weights) {
    const tensor = new Message();
    for (const extent of shape) tensor.integer(1, extent);
    tensor.integer(2, FLOAT).text(8, name).bytes(9, new Uint8Array(data.buffer));
    graph.message(5, tensor);
  }
  for (const { name, shape } of inputs) graph.message(11, encodeValue(name, shape));
  graph.message(12, encodeValue(output.name, output.shape));
  return new Message()
    .integer(1, 8) // IR version
    .message(7, graph)
    .message(8, new Message().integer(2, 17)) // operator set
    .finish();
}

const FLOAT = 1;

/** Fields of a protocol buffer message in the order they are added. */
class Message {
  #chunks: Uint8Array[] = [];

  integer(field: number, value: number): this {
    this.#chunks.push(varint(field << 3), varint(value));
    return this;
  }

  float(field: number, value: number): this {
    this.#chunks.push(varint(field << 3 | 5), new Uint8Array(Float32Array.of(value).buffer));
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.#chunks.push(varint(field << 3 | 2), varint(value.length), value);
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  message(field: number, value: Message): this {
    return this.bytes(field, value.finish());
  }

  finish(): Uint8Array<ArrayBuffer> {
    const whole = new Uint8Array(this.#chunks.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const chunk of this.#chunks) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    return whole;
  }
}

/** Seven bits a byte, low ones first. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push(value % 128 | 128);
  return Uint8Array.of(...bytes, value);
}

function encodeNode({ operator, inputs, output, attributes = {} }: OnnxNode): Message {
  const node = new Message();
  for (const input of inputs) node.text(1, input);
  node.text(2, output).text(3, output).text(4, operator);
  for (const [name, value] of Object.entries(attributes)) {
    const attribute = new Message().text(1, name);
    if (typeof value === "number") {
      attribute.integer(3, value).integer(20, 2);
    } else if ("float" in value) {
      attribute.float(2, value.float).integer(20, 1);
    } else {
      for (const integer of value) attribute.integer(8, integer);
      attribute.integer(20, 7);
    }
    node.message(5, attribute);
  }
  return node;
}

function encodeValue(name: string, shape: readonly number[]): Message {
  const dimensions = new Message();
  for (const extent of shape) dimensions.message(1, new Message().integer(1, extent));
  const tensor = new Message().integer(1, FLOAT).message(2, dimensions);
  return new Message().text(1, name).message(2, new Message().message(1, tensor));
}
