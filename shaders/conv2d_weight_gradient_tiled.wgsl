// Gradient of the convolution weights for GPUs, as partial sums over stripes of result pixels:
//
//   partial[s][kh][kw][c][o] = Σ x[n][y·stride + kh − pad][x·stride + kw − pad][c] · g[n][y][x][o]
//
// over the pixels (n, y, x) of stripe s, where g = ∂L/∂y; reduce_rows adds the stripes up. A
// workgroup computes 32 input × 32 output channels of one tap, 4 × 4 an invocation. It takes 16
// pixels at a time: all invocations bring both operands to workgroup memory, wait for each other,
// and add up the outer products.

const TILE_INPUTS = 32u;  // of a workgroup
const TILE_OUTPUTS = 32u;
const TILE_PIXELS = 16u;  // a turn

struct Parameters {
  batch: u32,
  in_height: u32,
  in_width: u32,
  in_channels: u32,
  in_pitch: u32,        // vec4s per pixel
  height: u32,          // of the result
  width: u32,
  pitch: u32,           // vec4s per pixel of the result
  kernel_width: u32,
  taps: u32,            // kernel height · width
  stride: u32,
  pad_top: u32,
  pad_left: u32,
  stripe_pixels: u32,
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> input: array<vec4f>;
@group(0) @binding(2) var<storage, read> gradient: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> partial: array<vec4f>;

var<workgroup> input_tile: array<vec4f, 128>;     // [pixel][quad of channels]
var<workgroup> gradient_tile: array<vec4f, 128>;

@compute @workgroup_size(8, 8)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let tiles_o = (p.pitch * 4 + TILE_OUTPUTS - 1) / TILE_OUTPUTS;
  let first_o = group.x % tiles_o * (TILE_OUTPUTS / 4);
  let first_c = group.x / tiles_o * (TILE_INPUTS / 4);
  let tap = group.y;
  let kw = tap % p.kernel_width;
  let kh = tap / p.kernel_width;
  let stripe = group.z;

  let pixels = p.batch * p.height * p.width;
  let end = min((stripe + 1) * p.stripe_pixels, pixels);
  let quad = index % 8;

  var sum0 = vec4f();
  var sum1 = vec4f();
  var sum2 = vec4f();
  var sum3 = vec4f();
  for (var first = stripe * p.stripe_pixels; first < end; first += TILE_PIXELS) {
    for (var i = index / 8; i < TILE_PIXELS; i += 8) {
      let pixel = first + i;
      var value = vec4f();
      var g = vec4f();
      if (pixel < end) {
        if (first_o + quad < p.pitch) { g = gradient[pixel * p.pitch + first_o + quad]; }
        let row = i32(pixel / p.width % p.height * p.stride + kh) - i32(p.pad_top);
        let column = i32(pixel % p.width * p.stride + kw) - i32(p.pad_left);
        let n = pixel / (p.width * p.height);
        if (row >= 0 && row < i32(p.in_height) && column >= 0 && column < i32(p.in_width) &&
            first_c + quad < p.in_pitch) {
          value = input[((n * p.in_height + u32(row)) * p.in_width + u32(column)) * p.in_pitch +
            first_c + quad];
        }
      }
      input_tile[i * 8 + quad] = value;
      gradient_tile[i * 8 + quad] = g;
    }
    workgroupBarrier();
    for (var i = 0u; i < TILE_PIXELS; i++) {
      let v = input_tile[i * 8 + local.y];
      let g = gradient_tile[i * 8 + local.x];
      sum0 += v.x * g;
      sum1 += v.y * g;
      sum2 += v.z * g;
      sum3 += v.w * g;
    }
    workgroupBarrier();
  }

  let o = first_o + local.x;
  let c = (first_c + local.y) * 4;
  if (o >= p.pitch || c >= p.in_channels) { return; }
  let out = ((stripe * p.taps + tap) * p.in_channels + c) * p.pitch + o;
  partial[out] = sum0;
  if (c + 1 < p.in_channels) { partial[out + p.pitch] = sum1; }
  if (c + 2 < p.in_channels) { partial[out + 2 * p.pitch] = sum2; }
  if (c + 3 < p.in_channels) { partial[out + 3 * p.pitch] = sum3; }
}
