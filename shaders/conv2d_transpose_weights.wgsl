// Swaps the channels of convolution weights: out[tap][o][c] = weights[tap][c][o].
// The input gradient multiplies with these. Each invocation swaps 4 × 4 channels; rows that are not
// there count as zero, so that the padding of c is zero.

struct Parameters {
  taps: u32,       // kernel height · width
  inputs: u32,     // c
  outputs: u32,    // o
  pitch: u32,      // vec4s from one c to the next in weights
  out_pitch: u32,  // vec4s from one o to the next in out
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> weights: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (group.y * groups.x + group.x) * 64 + local;
  if (i >= p.taps * p.pitch * p.out_pitch) { return; }
  let c = i % p.out_pitch;
  let o = i / p.out_pitch % p.pitch;
  let tap = i / (p.out_pitch * p.pitch);

  let inputs = p.inputs - c * 4;
  let at = (tap * p.inputs + c * 4) * p.pitch + o;
  let row0 = weights[at];
  var row1 = vec4f();
  var row2 = vec4f();
  var row3 = vec4f();
  if (inputs > 1) { row1 = weights[at + p.pitch]; }
  if (inputs > 2) { row2 = weights[at + 2 * p.pitch]; }
  if (inputs > 3) { row3 = weights[at + 3 * p.pitch]; }

  let outputs = p.outputs - o * 4;
  let to = (tap * p.outputs + o * 4) * p.out_pitch + c;
  out[to] = vec4f(row0.x, row1.x, row2.x, row3.x);
  if (outputs > 1) { out[to + p.out_pitch] = vec4f(row0.y, row1.y, row2.y, row3.y); }
  if (outputs > 2) { out[to + 2 * p.out_pitch] = vec4f(row0.z, row1.z, row2.z, row3.z); }
  if (outputs > 3) { out[to + 3 * p.out_pitch] = vec4f(row0.w, row1.w, row2.w, row3.w); }
}
