// Swaps the channels of convolution weights: out[tap][o][c] = weights[tap][c][o].
// The input gradient multiplies with these. The padding of c stays zero.

struct Parameters {
  taps: u32,       // kernel height · width
  inputs: u32,     // c
  outputs: u32,    // o
  pitch: u32,      // floats from one c to the next in weights
  out_pitch: u32,  // floats from one o to the next in out
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (group.y * groups.x + group.x) * 64 + local;
  if (i >= p.taps * p.outputs * p.out_pitch) { return; }
  let c = i % p.out_pitch;
  let o = i / p.out_pitch % p.outputs;
  let tap = i / (p.out_pitch * p.outputs);
  var value = 0f;
  if (c < p.inputs) { value = weights[(tap * p.inputs + c) * p.pitch + o]; }
  out[i] = value;
}
