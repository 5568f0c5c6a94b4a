// Bilinear interpolation with half-pixel centres, without antialiasing (PyTorch's interpolate with
// align_corners=False, OpenCV's INTER_LINEAR), or its gradient (GRADIENT).
//
//   position(i) = max((i + ½) · in / out − ½, 0),  between ⌊position⌋ and the next pixel, if any

override GRADIENT: bool;

struct Parameters {
  in_height: u32,
  in_width: u32,
  height: u32,   // of the result
  width: u32,
  pitch: u32,    // vec4s per pixel
  vectors: u32,  // of what is written
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> source: array<vec4f>;  // x, or ∂L/∂y
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;  // y, or ∂L/∂x

struct Taps { first: u32, second: u32, weight: f32 }  // weight belongs to the second

fn taps(i: u32, extent: u32, out_extent: u32) -> Taps {
  let position = max((f32(i) + 0.5) * f32(extent) / f32(out_extent) - 0.5, 0);
  let first = min(u32(position), extent - 1);
  return Taps(first, min(first + 1, extent - 1), position - f32(first));
}

// Share of input pixel k in result pixel i.
fn share(k: u32, t: Taps) -> f32 {
  var s = 0f;
  if (t.first == k) { s += 1 - t.weight; }
  if (t.second == k) { s += t.weight; }
  return s;
}

// Result pixels that may draw on input pixel k: those with k − 1 ≤ position < k + 1, one to spare
// on each side for rounding.
fn readers(k: u32, extent: u32, out_extent: u32) -> vec2u {
  let ratio = f32(out_extent) / f32(extent);
  let first = max((f32(k) - 0.5) * ratio - 1.5, 0);
  let end = (f32(k) + 1.5) * ratio + 1.5;
  return vec2u(u32(first), min(u32(end) + 1, out_extent));
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (group.y * groups.x + group.x) * 64 + local;
  if (i >= p.vectors) { return; }
  let column = i % p.pitch;
  if (GRADIENT) {
    let w = i / p.pitch % p.in_width;
    let h = i / (p.pitch * p.in_width) % p.in_height;
    let n = i / (p.pitch * p.in_width * p.in_height);
    let ys = readers(h, p.in_height, p.height);
    let xs = readers(w, p.in_width, p.width);
    var sum = vec4f();
    for (var y = ys.x; y < ys.y; y++) {
      let vertical = share(h, taps(y, p.in_height, p.height));
      if (vertical == 0) { continue; }
      for (var x = xs.x; x < xs.y; x++) {
        let horizontal = share(w, taps(x, p.in_width, p.width));
        sum += vertical * horizontal * source[((n * p.height + y) * p.width + x) * p.pitch + column];
      }
    }
    out[i] = sum;
  } else {
    let x = taps(i / p.pitch % p.width, p.in_width, p.width);
    let y = taps(i / (p.pitch * p.width) % p.height, p.in_height, p.height);
    let n = i / (p.pitch * p.width * p.height);
    let upper = (n * p.in_height + y.first) * p.in_width;
    let lower = (n * p.in_height + y.second) * p.in_width;
    let top = mix(source[(upper + x.first) * p.pitch + column], source[(upper + x.second) * p.pitch + column], x.weight);
    let bottom = mix(source[(lower + x.first) * p.pitch + column], source[(lower + x.second) * p.pitch + column], x.weight);
    out[i] = mix(top, bottom, y.weight);
  }
}
