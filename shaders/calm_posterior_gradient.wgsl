// Gradient of both CALM losses with respect to log p(ŷ,z|x): −u · q_z, with u = ∂L/∂loss of the
// picture and q the posterior that calm_posterior left. One workgroup for each picture.

struct Parameters { locations: u32 }

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;
@group(0) @binding(2) var<storage, read> gradient: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let u = gradient[group.x].x;
  for (var z = local; z < p.locations; z += 64) {
    let at = group.x * p.locations + z;
    out[at] = vec4f(-u * q[at].x, 0, 0, 0);
  }
}
