// Which locations of a picture stay when the strongest are hidden: 1 where
//
//   a_z − bottom < threshold · (max a − bottom),   0 elsewhere,
//
// bottom = min a for ACoL's erasing (FROM_MINIMUM), 0 for ADL's drop mask. A map that is the same
// everywhere has no strongest location by its minimum: then all stay.
//
// One workgroup for each picture; a and out are single-channel tensors, so x of every vec4.

override FROM_MINIMUM: bool;

struct Parameters {
  locations: u32,
  threshold: f32,
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;

const SIZE = 64u;
var<workgroup> tops: array<f32, 64>;
var<workgroup> bottoms: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let start = group.x * p.locations;
  var top = a[start].x;
  var bottom = top;
  for (var z = local; z < p.locations; z += SIZE) {
    top = max(top, a[start + z].x);
    bottom = min(bottom, a[start + z].x);
  }
  tops[local] = top;
  bottoms[local] = bottom;
  workgroupBarrier();
  for (var k = 0u; k < SIZE; k++) {
    top = max(top, tops[k]);
    bottom = min(bottom, bottoms[k]);
  }
  let all_stay = FROM_MINIMUM && top == bottom;
  if (!FROM_MINIMUM) { bottom = 0; }
  let limit = p.threshold * (top - bottom);
  for (var z = local; z < p.locations; z += SIZE) {
    let stays = all_stay || a[start + z].x - bottom < limit;
    out[start + z] = vec4f(select(0f, 1f, stays), 0, 0, 0);
  }
}
