// Convolution for GPUs, forward pass and input gradient, as a product of matrices that are never
// laid out: pixels × (tap, channel) times (tap, channel) × outputs.
//
//   out[n][y][x][o] = bias[o] + Σ_kh Σ_kw Σ_c source[n][row][column][c] · weights[kh][kw][c][o]
//   row = (y · step + kh · sign + offset_y) / divisor, where the division has no remainder,
//   column = (x · step + kw · sign + offset_x) / divisor, likewise.
//
// Forward: step = stride, sign = 1, offset = −padding, divisor = 1.
// Input gradient (source = ∂L/∂y, weights transposed): step = 1, sign = −1, offset = padding,
// divisor = stride.
//
// A workgroup computes a tile of 32 pixels × 32 outputs, 4 × 4 an invocation. Of each tap it takes
// 16 channels at a time: all invocations bring the two operands to workgroup memory, wait for each
// other, and multiply what is there.

const TILE_PIXELS = 32u;
const TILE_OUTPUTS = 32u;
const TILE_QUADS = 4u;  // vec4s of channels a turn

struct Parameters {
  batch: u32,
  source_height: u32,
  source_width: u32,
  channels: u32,       // summed over
  pitch: u32,          // vec4s per source pixel
  height: u32,         // of the result
  width: u32,
  out_pitch: u32,      // vec4s per pixel of the result
  kernel_height: u32,
  kernel_width: u32,
  step: i32,
  sign: i32,
  offset_y: i32,
  offset_x: i32,
  divisor: i32,
  biased: u32,
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> source: array<vec4f>;
@group(0) @binding(2) var<storage, read> weights: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;

var<workgroup> source_tile: array<vec4f, 128>;   // [quad of channels][pixel]
var<workgroup> weights_tile: array<vec4f, 128>;  // [channel][quad of outputs]

// Where the source has the row or column that a result and a tap meet at, or −1.
fn meet(result: u32, tap: u32, offset: i32, extent: u32) -> i32 {
  let scaled = i32(result) * p.step + i32(tap) * p.sign + offset;
  if (scaled < 0 || scaled % p.divisor != 0) { return -1; }
  let place = scaled / p.divisor;
  return select(-1, place, place < i32(extent));
}

@compute @workgroup_size(8, 8)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let pixels = p.batch * p.height * p.width;
  let first_pixel = (group.y * groups.x + group.x) * TILE_PIXELS;
  let first_quad = group.z * (TILE_OUTPUTS / 4);

  // This invocation brings two vec4s of one pixel and two of one quad of outputs.
  let pixel = first_pixel + index % TILE_PIXELS;
  let n = pixel / (p.height * p.width);
  let y = pixel / p.width % p.height;
  let x = pixel % p.width;
  let brought = index / TILE_PIXELS;
  let quad_out = first_quad + index % 8;

  var sum0 = vec4f();
  var sum1 = vec4f();
  var sum2 = vec4f();
  var sum3 = vec4f();
  for (var kh = 0u; kh < p.kernel_height; kh++) {
    let row = meet(y, kh, p.offset_y, p.source_height);
    for (var kw = 0u; kw < p.kernel_width; kw++) {
      let column = meet(x, kw, p.offset_x, p.source_width);
      let inside = pixel < pixels && row >= 0 && column >= 0;
      let at = ((n * p.source_height + u32(row)) * p.source_width + u32(column)) * p.pitch;
      let w = (kh * p.kernel_width + kw) * p.channels;
      for (var quad = 0u; quad < p.pitch; quad += TILE_QUADS) {
        for (var i = brought; i < TILE_QUADS; i += 2) {
          var value = vec4f();
          if (inside && quad + i < p.pitch) { value = source[at + quad + i]; }
          source_tile[i * TILE_PIXELS + index % TILE_PIXELS] = value;
        }
        for (var i = index / 8; i < 4 * TILE_QUADS; i += 8) {
          let channel = quad * 4 + i;
          var value = vec4f();
          if (channel < p.channels && quad_out < p.out_pitch) {
            value = weights[(w + channel) * p.out_pitch + quad_out];
          }
          weights_tile[i * 8 + index % 8] = value;
        }
        workgroupBarrier();
        for (var i = 0u; i < TILE_QUADS; i++) {
          let w0 = weights_tile[i * 32 + local.x];
          let w1 = weights_tile[i * 32 + 8 + local.x];
          let w2 = weights_tile[i * 32 + 16 + local.x];
          let w3 = weights_tile[i * 32 + 24 + local.x];
          let v0 = source_tile[i * TILE_PIXELS + local.y];
          let v1 = source_tile[i * TILE_PIXELS + local.y + 8];
          let v2 = source_tile[i * TILE_PIXELS + local.y + 16];
          let v3 = source_tile[i * TILE_PIXELS + local.y + 24];
          sum0 += v0.x * w0 + v0.y * w1 + v0.z * w2 + v0.w * w3;
          sum1 += v1.x * w0 + v1.y * w1 + v1.z * w2 + v1.w * w3;
          sum2 += v2.x * w0 + v2.y * w1 + v2.z * w2 + v2.w * w3;
          sum3 += v3.x * w0 + v3.y * w1 + v3.z * w2 + v3.w * w3;
        }
        workgroupBarrier();
      }
    }
  }

  let o = first_quad + local.x;
  if (o >= p.out_pitch) { return; }
  var start = vec4f();
  if (p.biased != 0) { start = bias[o]; }
  let target0 = first_pixel + local.y;
  if (target0 < pixels) { out[target0 * p.out_pitch + o] = sum0 + start; }
  if (target0 + 8 < pixels) { out[(target0 + 8) * p.out_pitch + o] = sum1 + start; }
  if (target0 + 16 < pixels) { out[(target0 + 16) * p.out_pitch + o] = sum2 + start; }
  if (target0 + 24 < pixels) { out[(target0 + 24) * p.out_pitch + o] = sum3 + start; }
}
