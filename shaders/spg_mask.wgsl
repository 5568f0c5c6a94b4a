// SPG's labels of pixels (Zhang et al., 2018) from a map m of each picture: what one branch is sure
// of, for another to learn.
//
//   1 (object)      where m > high; where fewer than 30 pixels are: where m > 0.7 · max m
//   0 (background)  where m < low, which wins over 1
//   IGNORED         elsewhere
//
// With NORMALISE the map is first brought to [0, 1] by its minimum and maximum; one that is the same
// everywhere labels nothing.
//
// One workgroup for each picture; m and out are single-channel tensors, so x of every vec4.

override NORMALISE: bool;

struct Parameters {
  pixels: u32,
  high: f32,
  low: f32,
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> m: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;

const IGNORED = -1f;
const FEWEST = 30u;
const SIZE = 64u;
var<workgroup> tops: array<f32, 64>;
var<workgroup> bottoms: array<f32, 64>;
var<workgroup> counts: array<u32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let start = group.x * p.pixels;
  var top = m[start].x;
  var bottom = top;
  for (var i = local; i < p.pixels; i += SIZE) {
    top = max(top, m[start + i].x);
    bottom = min(bottom, m[start + i].x);
  }
  tops[local] = top;
  bottoms[local] = bottom;
  workgroupBarrier();
  for (var k = 0u; k < SIZE; k++) {
    top = max(top, tops[k]);
    bottom = min(bottom, bottoms[k]);
  }
  let labels_nothing = NORMALISE && top == bottom;
  var scale = 1f;
  if (NORMALISE) {
    scale = top - bottom;
    top = 1;
  } else {
    bottom = 0;
  }

  var count = 0u;
  for (var i = local; i < p.pixels; i += SIZE) {
    count += select(0u, 1u, (m[start + i].x - bottom) / scale > p.high);
  }
  counts[local] = count;
  workgroupBarrier();
  count = 0;
  for (var k = 0u; k < SIZE; k++) { count += counts[k]; }

  let high = select(p.high, 0.7 * top, count < FEWEST);
  for (var i = local; i < p.pixels; i += SIZE) {
    let value = (m[start + i].x - bottom) / scale;
    var label = select(IGNORED, 1f, value > high);
    label = select(label, 0f, value < p.low);
    out[start + i] = vec4f(select(label, IGNORED, labels_nothing), 0, 0, 0);
  }
}
