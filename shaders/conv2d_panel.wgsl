// Convolution, step 1: copies an NHWC tensor into panels in which neighbouring pixels of one
// channel are neighbours in memory, one panel for each horizontal tap of the kernel:
//
//   panel[kw][n][row][channel][i] = source[n][row][column(x, kw)][channel], or 0 outside,
//   column(x, kw) = (x · step + kw · sign + offset) / divisor,   x = i · divisor + phase(kw).
//
// Forward: step = stride, sign = 1, offset = −padding, divisor = 1, phase = 0.
// Input gradient (source = ∂L/∂y): step = 1, sign = −1, offset = padding, divisor = stride. There a
// tap meets only every divisor-th pixel of the result: those for which the division leaves no
// remainder, which is what the phase says.
//
// Each invocation transposes 4 pixels × 4 channels.

struct Parameters {
  source_rows: u32,  // batch · source height
  source_width: u32,
  channels: u32,
  pitch: u32,        // vec4s per source pixel
  taps: u32,         // kernel width
  panel_pitch: u32,  // vec4s in a panel row: width of the result / divisor / 4, rounded up
  step: i32,
  sign: i32,
  offset: i32,
  divisor: i32,
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> source: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> panel: array<vec4f>;

fn load(row: u32, i: i32, tap: i32, quad: u32) -> vec4f {
  let shift = tap * p.sign + p.offset;
  let phase = (p.divisor - shift % p.divisor) % p.divisor;
  let scaled = (i * p.divisor + phase) * p.step + shift;
  let column = u32(scaled / p.divisor);
  if (scaled < 0 || column >= p.source_width) { return vec4f(); }
  return source[(row * p.source_width + column) * p.pitch + quad];
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (group.y * groups.x + group.x) * 64 + local;
  let quads = (p.channels + 3) / 4;
  if (i >= p.taps * p.source_rows * quads * p.panel_pitch) { return; }
  let column = i % p.panel_pitch;
  let quad = (i / p.panel_pitch) % quads;
  let row = (i / (p.panel_pitch * quads)) % p.source_rows;
  let tap = i / (p.panel_pitch * quads * p.source_rows);

  let x = i32(column * 4);
  let a = load(row, x, i32(tap), quad);
  let b = load(row, x + 1, i32(tap), quad);
  let c = load(row, x + 2, i32(tap), quad);
  let d = load(row, x + 3, i32(tap), quad);

  let channel = quad * 4;
  let at = ((tap * p.source_rows + row) * p.channels + channel) * p.panel_pitch + column;
  panel[at] = vec4f(a.x, b.x, c.x, d.x);
  if (channel + 1 < p.channels) { panel[at + p.panel_pitch] = vec4f(a.y, b.y, c.y, d.y); }
  if (channel + 2 < p.channels) { panel[at + 2 * p.panel_pitch] = vec4f(a.z, b.z, c.z, d.z); }
  if (channel + 3 < p.channels) { panel[at + 3 * p.panel_pitch] = vec4f(a.w, b.w, c.w, d.w); }
}
