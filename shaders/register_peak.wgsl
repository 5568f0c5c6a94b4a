// What the adapter can do at most: chains of multiply-adds on registers that depend on nothing
// but themselves, enough of them side by side to hide their latency. The result is written so
// that nothing can be left out.

struct Parameters {
  turns: u32,
  factor: f32,
  addend: f32,
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  var a = vec4f(f32(id.x));
  var b = a + 1;
  var c = a + 2;
  var d = a + 3;
  for (var i = 0u; i < p.turns; i++) {
    a = a * p.factor + p.addend;
    b = b * p.factor + p.addend;
    c = c * p.factor + p.addend;
    d = d * p.factor + p.addend;
  }
  out[id.x] = a + b + c + d;
}
