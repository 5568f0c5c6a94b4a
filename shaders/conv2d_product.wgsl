// Convolution, step 2: multiplies the panels of conv2d_panel with the weights.
//
//   out[n][y][x][o] = bias[o] + Σ_kh Σ_kw Σ_c panel[kw][n][row(y, kh)][c][i] · weights[kh][kw][c][o]
//   row(y, kh) = (y · step + kh · sign + offset) / divisor, where the division has no remainder,
//   x = i · divisor + phase, over the taps kw that have this phase; see conv2d_panel.
//
// Serves the forward pass and, with ∂L/∂y in the panels and transposed weights, the input
// gradient; the parameters are those of conv2d_panel. Each invocation computes 8 pixels of a row ×
// 8 channels. Both operands lie along the outputs, so four vec4 loads feed 64 multiply-adds; the
// sums are named registers, for an indexed array would live in memory.

const TILE_PIXELS = 8u;  // of one invocation
const TILE_OUTPUTS = 8u;

struct Parameters {
  batch: u32,
  source_height: u32,
  channels: u32,      // summed over
  panel_pitch: u32,   // vec4s in a panel row
  height: u32,        // of the result
  width: u32,
  out_pitch: u32,     // vec4s per pixel of the result
  kernel_height: u32,
  kernel_width: u32,
  step: i32,
  sign: i32,
  offset: i32,        // vertical
  offset_x: i32,
  divisor: i32,
  biased: u32,
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> panel: array<vec4f>;
@group(0) @binding(2) var<storage, read> weights: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let phases = u32(p.divisor);
  let tiles = ((p.width + phases - 1) / phases + TILE_PIXELS - 1) / TILE_PIXELS;
  let i = (group.y * groups.x + group.x) * 64 + local;
  if (i >= phases * p.batch * p.height * tiles) { return; }
  let first = i % tiles * TILE_PIXELS;
  let y = i / tiles % p.height;
  let n = i / (tiles * p.height) % p.batch;
  let phase = i / (tiles * p.height * p.batch);
  let x = first * phases + phase;
  if (x >= p.width) { return; }
  let o = group.z * (TILE_OUTPUTS / 4);

  var a0 = vec4f(); var b0 = vec4f();
  var a1 = vec4f(); var b1 = vec4f();
  var a2 = vec4f(); var b2 = vec4f();
  var a3 = vec4f(); var b3 = vec4f();
  var a4 = vec4f(); var b4 = vec4f();
  var a5 = vec4f(); var b5 = vec4f();
  var a6 = vec4f(); var b6 = vec4f();
  var a7 = vec4f(); var b7 = vec4f();

  for (var kh = 0u; kh < p.kernel_height; kh++) {
    let scaled = i32(y) * p.step + i32(kh) * p.sign + p.offset;
    if (scaled < 0 || scaled % p.divisor != 0) { continue; }
    let row = u32(scaled / p.divisor);
    if (row >= p.source_height) { continue; }
    for (var kw = 0u; kw < p.kernel_width; kw++) {
      if ((i32(phase) + i32(kw) * p.sign + p.offset_x) % p.divisor != 0) { continue; }
      var at = ((kw * p.batch + n) * p.source_height + row) * p.channels * p.panel_pitch + first / 4;
      var w = (kh * p.kernel_width + kw) * p.channels * p.out_pitch + o;
      for (var c = 0u; c < p.channels; c++) {
        let u = panel[at]; let v = panel[at + 1];
        let wa = weights[w]; let wb = weights[w + 1];
        a0 += u.x * wa; b0 += u.x * wb;
        a1 += u.y * wa; b1 += u.y * wb;
        a2 += u.z * wa; b2 += u.z * wb;
        a3 += u.w * wa; b3 += u.w * wb;
        a4 += v.x * wa; b4 += v.x * wb;
        a5 += v.y * wa; b5 += v.y * wb;
        a6 += v.z * wa; b6 += v.z * wb;
        a7 += v.w * wa; b7 += v.w * wb;
        at += p.panel_pitch;
        w += p.out_pitch;
      }
    }
  }

  var bias_a = vec4f(); var bias_b = vec4f();
  if (p.biased != 0) { bias_a = bias[o]; bias_b = bias[o + 1]; }
  let at = ((n * p.height + y) * p.width + x) * p.out_pitch + o;
  let step = phases * p.out_pitch;
  let left = (p.width - x + phases - 1) / phases;
  out[at] = a0 + bias_a;
  if (left > 1) { out[at + step] = a1 + bias_a; }
  if (left > 2) { out[at + 2 * step] = a2 + bias_a; }
  if (left > 3) { out[at + 3 * step] = a3 + bias_a; }
  if (left > 4) { out[at + 4 * step] = a4 + bias_a; }
  if (left > 5) { out[at + 5 * step] = a5 + bias_a; }
  if (left > 6) { out[at + 6 * step] = a6 + bias_a; }
  if (left > 7) { out[at + 7 * step] = a7 + bias_a; }
  if (o + 1 == p.out_pitch) { return; }
  out[at + 1] = b0 + bias_b;
  if (left > 1) { out[at + step + 1] = b1 + bias_b; }
  if (left > 2) { out[at + 2 * step + 1] = b2 + bias_b; }
  if (left > 3) { out[at + 3 * step + 1] = b3 + bias_b; }
  if (left > 4) { out[at + 4 * step + 1] = b4 + bias_b; }
  if (left > 5) { out[at + 5 * step + 1] = b5 + bias_b; }
  if (left > 6) { out[at + 6 * step + 1] = b6 + bias_b; }
  if (left > 7) { out[at + 7 * step + 1] = b7 + bias_b; }
}
