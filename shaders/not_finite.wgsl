// Looks at one tensor after another for NaN and infinity.
//
//   found = (tensors looked at so far, number (from 1) of the first bad one or 0, 0, 0)
//
// By the bits: n != n is false for NaN on some adapters. One workgroup in all, so that tensors are
// counted in their order.

struct Parameters { vectors: u32 }

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> x: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> found: array<vec4u>;

const SIZE = 256u;
const EXPONENT = 0x7f800000u;
var<workgroup> bad: array<u32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) local: u32) {
  var own = false;
  for (var i = local; i < p.vectors; i += SIZE) {
    own = own || any((x[i] & vec4u(EXPONENT)) == vec4u(EXPONENT));
  }
  bad[local] = u32(own);
  workgroupBarrier();
  if (local != 0) { return; }
  var some = 0u;
  for (var k = 0u; k < SIZE; k++) { some |= bad[k]; }
  let number = found[0].x + 1;
  let first = select(found[0].y, number, some != 0 && found[0].y == 0);
  found[0] = vec4u(number, first, 0, 0);
}
