import assert from "node:assert/strict";
import { backward } from "../../engine/autograd.ts";
import { Tensor } from "../../engine/tensor.ts";
import { classProbabilities, jointMap, labelLogJoint } from "../../model/calm/joint.ts";
import { logLocation } from "../../model/calm/location.ts";
import { expectationLoss, marginalLoss } from "../../model/calm/losses.ts";
import { gpuTest } from "../gpu.ts";
import { array, type Array64, at, build, random } from "../reference/array.ts";
import * as reference from "../reference/calm.ts";
import { assertClose, checkOperation } from "../reference/check.ts";

const PAPER = reference.PAPER_LOCATION;

/** Chains of exponentials and logarithms: a few units in the last place each. */
const EXP = 8;

const maps = [[1, 1, 1], [2, 3, 5], [3, 16, 16]];

for (const map of maps) {
  gpuTest(`log p(z|x) with the softplus prior, maps [${map}]`, (gpu) =>
    checkOperation(gpu, {
      inputs: [random(1, [...map, 1], 3)],
      operation: (a) => logLocation(a, PAPER),
      reference: (a) => reference.logLocation(a, "softplus"),
      looseness: EXP,
      terms: map[1] * map[2],
      step: 1e-3,
    }));

  gpuTest(
    `log p(z|x) with the ReLU prior where it is positive, maps [${map}]`,
    (gpu) =>
      checkOperation(gpu, {
        inputs: [build([...map, 1], (n, i, j) => 0.25 + ((n + 3 * i + 7 * j) % 5))],
        operation: (a) => logLocation(a, { ...PAPER, prior: "relu" }),
        reference: (a) => reference.logLocation(a, "relu"),
        looseness: EXP,
        terms: map[1] * map[2],
      }),
  );

  for (const classes of [1, 2, 5, 12]) {
    const f = random(2, [...map, classes], 2);
    const logH = reference.logLocation(random(3, [...map, 1], 2), "softplus");
    const logH32 = array(logH.shape, Float32Array.from(logH.data));
    const labels = Array.from({ length: map[0] }, (_, n) => (3 * n + 1) % classes);
    const options = { inputs: [f, logH32], looseness: EXP, terms: classes };
    // Central differences of 3·256·12 inputs one by one would take minutes.
    const differentiable = map[1] > 8 && classes > 2 ? [] : undefined;

    gpuTest(`joint map, maps [${map}], ${classes} classes`, (gpu) =>
      checkOperation(gpu, {
        ...options,
        differentiable,
        operation: jointMap,
        reference: (f, logH) => {
          const joint = reference.logJoint(f, logH);
          return array(joint.shape, joint.data.map(Math.exp));
        },
      }));

    gpuTest(`log p(ŷ,z|x), maps [${map}], ${classes} classes`, async (gpu) => {
      const tensor = Tensor.from(gpu, labels, [map[0]], "u32");
      await checkOperation(gpu, {
        ...options,
        differentiable,
        operation: (f, logH) => labelLogJoint(f, logH, tensor),
        reference: (f, logH) => reference.labelLogJoint(f, logH, labels),
      });
      tensor.dispose();
    });

    gpuTest(`p(y|x), maps [${map}], ${classes} classes`, (gpu) =>
      checkOperation(gpu, {
        ...options,
        differentiable: [],
        operation: classProbabilities,
        reference: (f, logH) => {
          const joint = reference.logJoint(f, logH);
          return build([map[0], classes], (n, c) => {
            let sum = 0;
            for (let i = 0; i < map[1]; i++) {
              for (let j = 0; j < map[2]; j++) sum += Math.exp(at(joint, n, i, j, c));
            }
            return sum;
          });
        },
      }));
  }

  const j = random(4, [...map, 1], 3);
  gpuTest(`ML loss, maps [${map}]`, (gpu) =>
    checkOperation(gpu, {
      inputs: [j],
      operation: marginalLoss,
      reference: reference.marginalLoss,
      looseness: EXP,
      terms: map[1] * map[2],
    }));

  gpuTest(`EM loss with fixed pseudo-targets, maps [${map}]`, async (gpu) => {
    const target = random(5, [...map, 1], 3);
    const tensor = Tensor.from(gpu, target.data, target.shape);
    await checkOperation(gpu, {
      inputs: [j],
      operation: (j) => expectationLoss(j, { target: tensor }),
      reference: (j) => reference.expectationLoss(j, target),
      looseness: EXP,
      terms: map[1] * map[2],
    });
    tensor.dispose();
  });
}

for (const epsilon of [1e-10, 0.05]) {
  gpuTest(
    `EM loss with ${epsilon} in the posterior's denominator: the official code's form`,
    async (gpu) => {
      // log p(ŷ|x) of the pictures: ordinary, near ε, and far below it.
      const levels = [-1, Math.log(epsilon), -60, -200];
      const j = build([4, 2, 3, 1], (n, i, k) => levels[n] - ((2 * i + 3 * k) % 5));
      const target = Tensor.from(gpu, j.data, j.shape);
      await checkOperation(gpu, {
        inputs: [j],
        operation: (j) => expectationLoss(j, { target, epsilon }),
        reference: (own) =>
          build([4, 1], (n) => {
            const span = (x: Array64) => x.data.subarray(6 * n, 6 * n + 6);
            const joint = span(j).map(Math.exp);
            const total = joint.reduce((a, b) => a + b, 0);
            return -span(own).reduce((sum, v, z) => sum + joint[z] / (total + epsilon) * v, 0);
          }),
        looseness: EXP,
        terms: 6,
      });
      target.dispose();
    },
  );
}

gpuTest("with θ' = θ no gradient flows into q, and both losses have one gradient", async (gpu) => {
  const f = random(6, [2, 4, 5, 3], 2);
  const a = random(7, [2, 4, 5, 1], 2);
  const labels = Tensor.from(gpu, [2, 0], [2], "u32");
  const gradients: Float32Array[][] = [];
  for (const loss of [marginalLoss, expectationLoss]) {
    const parameters = [f, a].map((x) => Tensor.from(gpu, x.data, x.shape).asParameter());
    gpu.scope(() => {
      const j = labelLogJoint(parameters[0], logLocation(parameters[1], PAPER), labels);
      backward(loss(j));
    });
    gradients.push(await Promise.all(parameters.map((p) => p.gradient!.read())));
    for (const parameter of parameters) parameter.dispose();
  }
  assertClose(gradients[1][0], gradients[0][0], 1e-7, "gradient of f");
  assertClose(gradients[1][1], gradients[0][1], 1e-7, "gradient of a");
  assert.ok(gradients[0][0].some((v) => Math.abs(v) > 1e-2));
  labels.dispose();
});

gpuTest("logits of ±80 give finite losses and gradients that are right", async (gpu) => {
  const extreme = (n: number, i: number, k: number) =>
    [80, -80, 0, 79, -79][(n + 2 * i + 3 * k) % 5];
  const labels = Tensor.from(gpu, [0, 2], [2], "u32");
  await checkOperation(gpu, {
    inputs: [
      build([2, 1, 5, 3], (n, _, j, c) => extreme(n, j, c)),
      build([2, 1, 5, 1], (n, _, j) => extreme(n, j, 1)),
    ],
    operation: (f, a) => marginalLoss(labelLogJoint(f, logLocation(a, PAPER), labels)),
    reference: (f, a) =>
      reference.marginalLoss(
        reference.labelLogJoint(f, reference.logLocation(a, "softplus"), [0, 2]),
      ),
    looseness: EXP,
    step: 1e-3,
  });
  labels.dispose();
});

gpuTest("a ReLU prior of zero everywhere is the uniform distribution", async (gpu) => {
  const a = Tensor.from(gpu, [-1, -2, 0, -3, 2, 0, 0, 2], [2, 2, 2, 1]);
  const logH = logLocation(a, { ...PAPER, prior: "relu" });
  const h = (await logH.read()).map(Math.exp);
  assertClose(h, [0.25, 0.25, 0.25, 0.25, 0.5, 0, 0, 0.5], 1e-6, "p(z|x)");
  assert.equal(h[5], 0);
  a.dispose();
  logH.dispose();
});

gpuTest("a detached normaliser leaves 1/a as the only slope of a ReLU prior", async (gpu) => {
  const a = Tensor.from(gpu, [0.5, 2, -1, 4], [1, 2, 2, 1]).asParameter();
  gpu.scope(() => {
    const logH = logLocation(a, { prior: "relu", detachNormaliser: true });
    backward(logH, Tensor.from(gpu, [1, 3, 5, 7], [1, 2, 2, 1]));
  });
  assertClose(await a.gradient!.read(), [1 / 0.5, 3 / 2, 0, 7 / 4], 1e-6, "gradient");
  a.dispose();
});

gpuTest("completeness: Σ_z of the joint map is p(y|x), Σ_y is p(z|x), Σ_yz is 1", async (gpu) => {
  const f = random(8, [1, 7, 6, 9], 3);
  const a = random(9, [1, 7, 6, 1], 3);
  const tensors = [f, a].map((x) => Tensor.from(gpu, x.data, x.shape));
  const logH = logLocation(tensors[1], PAPER);
  const joint = jointMap(tensors[0], logH);
  const probabilities = classProbabilities(tensors[0], logH);
  const [map, p, h] = await Promise.all([joint, probabilities, logH].map((t) => t.read()));
  const byClass = Array.from(p, (_, c) => map.reduce((s, v, i) => i % 9 === c ? s + v : s, 0));
  const byLocation = Array.from(
    h,
    (_, z) => map.reduce((s, v, i) => i / 9 >> 0 === z ? s + v : s, 0),
  );
  assertClose(byClass, p, 1e-6, "p(y|x)");
  assertClose(byLocation, h.map(Math.exp), 1e-6, "p(z|x)");
  assertClose([p.reduce((s, v) => s + v)], [1], 2e-6, "total");
  for (const tensor of [...tensors, logH, joint, probabilities]) tensor.dispose();
});
