// Gradient of the convolution weights, as partial sums over stripes of result rows:
//
//   partial[s][kh][kw][c][o] = Σ x[n][y·stride + kh − pad][x·stride + kw − pad][c] · g[n][y][x][o]
//
// over the rows (n, y) of stripe s, where g = ∂L/∂y; reduce_rows adds the stripes up. An outer
// product for each pixel: both operands are NHWC, so both lie along the outputs. Each invocation
// computes 8 input × 8 output channels of one tap for one stripe. Neighbouring invocations take
// neighbouring stripes of one tile or, where there are enough tiles without, neighbouring tiles.

const TILE_INPUTS = 8u;  // of one invocation
const TILE_OUTPUTS = 8u;

override STRIPE_LANES: u32;
override TILE_LANES: u32;

struct Parameters {
  batch: u32,
  in_height: u32,
  in_width: u32,
  in_channels: u32,
  in_pitch: u32,       // vec4s per pixel
  height: u32,         // of the result
  width: u32,
  pitch: u32,          // vec4s per pixel of the result
  kernel_height: u32,
  kernel_width: u32,
  stride: u32,
  pad_top: u32,
  pad_left: u32,
  stripes: u32,
  stripe_rows: u32,
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> input: array<vec4f>;
@group(0) @binding(2) var<storage, read> gradient: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> partial: array<vec4f>;

@compute @workgroup_size(STRIPE_LANES, TILE_LANES)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let tiles_c = (p.in_pitch * 4 + TILE_INPUTS - 1) / TILE_INPUTS;
  let tiles_o = (p.pitch * 4 + TILE_OUTPUTS - 1) / TILE_OUTPUTS;
  let stripe = id.x;
  let tile = id.z * groups.y * TILE_LANES + id.y;
  if (stripe >= p.stripes || tile >= p.kernel_height * p.kernel_width * tiles_c * tiles_o) { return; }
  let o = tile % tiles_o * (TILE_OUTPUTS / 4);
  let c = tile / tiles_o % tiles_c * (TILE_INPUTS / 4);
  let tap = tile / (tiles_o * tiles_c);
  let kw = tap % p.kernel_width;
  let kh = tap / p.kernel_width;

  // Result columns whose input column x·stride + kw − pad_left is inside the picture.
  let before = max(p.pad_left, kw) - kw;
  let first_x = (before + p.stride - 1) / p.stride;
  let room = p.in_width + p.pad_left;
  var end_x = 0u;
  if (room > kw) { end_x = min(p.width, (room - kw - 1) / p.stride + 1); }

  var a0 = vec4f(); var b0 = vec4f();
  var a1 = vec4f(); var b1 = vec4f();
  var a2 = vec4f(); var b2 = vec4f();
  var a3 = vec4f(); var b3 = vec4f();
  var a4 = vec4f(); var b4 = vec4f();
  var a5 = vec4f(); var b5 = vec4f();
  var a6 = vec4f(); var b6 = vec4f();
  var a7 = vec4f(); var b7 = vec4f();

  let end_row = min((stripe + 1) * p.stripe_rows, p.batch * p.height);
  for (var row = stripe * p.stripe_rows; row < end_row; row++) {
    let padded_y = row % p.height * p.stride + kh;
    if (padded_y < p.pad_top || padded_y - p.pad_top >= p.in_height) { continue; }
    let in_row = row / p.height * p.in_height + padded_y - p.pad_top;
    var at = (in_row * p.in_width + first_x * p.stride + kw - p.pad_left) * p.in_pitch + c;
    var g = (row * p.width + first_x) * p.pitch + o;
    for (var x = first_x; x < end_x; x++) {
      let u = input[at]; let v = input[at + 1];
      let ga = gradient[g]; let gb = gradient[g + 1];
      a0 += u.x * ga; b0 += u.x * gb;
      a1 += u.y * ga; b1 += u.y * gb;
      a2 += u.z * ga; b2 += u.z * gb;
      a3 += u.w * ga; b3 += u.w * gb;
      a4 += v.x * ga; b4 += v.x * gb;
      a5 += v.y * ga; b5 += v.y * gb;
      a6 += v.z * ga; b6 += v.z * gb;
      a7 += v.w * ga; b7 += v.w * gb;
      at += p.stride * p.in_pitch;
      g += p.pitch;
    }
  }

  let first = c * 4;
  let left = p.in_channels - first;
  let step = p.pitch;
  let out = ((stripe * p.kernel_height * p.kernel_width + tap) * p.in_channels + first) * p.pitch + o;
  partial[out] = a0;
  if (left > 1) { partial[out + step] = a1; }
  if (left > 2) { partial[out + 2 * step] = a2; }
  if (left > 3) { partial[out + 3 * step] = a3; }
  if (left > 4) { partial[out + 4 * step] = a4; }
  if (left > 5) { partial[out + 5 * step] = a5; }
  if (left > 6) { partial[out + 6 * step] = a6; }
  if (left > 7) { partial[out + 7 * step] = a7; }
  if (o + 1 == p.pitch) { return; }
  partial[out + 1] = b0;
  if (left > 1) { partial[out + step + 1] = b1; }
  if (left > 2) { partial[out + 2 * step + 1] = b2; }
  if (left > 3) { partial[out + 3 * step + 1] = b3; }
  if (left > 4) { partial[out + 4 * step + 1] = b4; }
  if (left > 5) { partial[out + 5 * step + 1] = b5; }
  if (left > 6) { partial[out + 6 * step + 1] = b6; }
  if (left > 7) { partial[out + 7 * step + 1] = b7; }
}
