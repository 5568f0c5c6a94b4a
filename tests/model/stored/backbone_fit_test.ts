import assert from "node:assert/strict";
import { Gpu } from "../../../engine/gpu.ts";
import { fitBackbone, placesOf, placesOfArchitecture } from "../../../model/stored/backbone_fit.ts";
import { buildModel } from "../../../model/build.ts";
import type { StoredTensor } from "../../../weights/host_tensor.ts";
import { type Architecture, architectureOf, ARCHITECTURES } from "../../../model/backbones/list.ts";
import { networkName } from "../../../model/backbones/network_name.ts";

/** Names and shapes of torchvision 0.14. */
const TORCHVISION: Record<string, Record<string, number[]>> = JSON.parse(
  await new Response(
    (await Deno.open(new URL("../../goldens/torchvision_shapes.json.gz", import.meta.url))).readable
      .pipeThrough(new DecompressionStream("gzip")),
  ).text(),
);

const PLACES = new Map(ARCHITECTURES.map((arch) => [arch, placesOfArchitecture(arch)]));

function stored(shapes: Iterable<readonly [string, readonly number[]]>): Map<string, StoredTensor> {
  const read = () => Promise.reject(new Error("names and shapes are enough"));
  return new Map([...shapes].map(([name, shape]) => [name, { type: "F32", shape, read }]));
}

const torchvision = (name: string) => stored(Object.entries(TORCHVISION[name]));

const fit = (arch: Architecture, tensors: ReadonlyMap<string, StoredTensor>) =>
  fitBackbone(arch, PLACES.get(arch)!, tensors);

/** Our backbones and the files of torchvision that are theirs. */
const THEIRS: readonly (readonly [Architecture, string])[] = [
  ["resnet18", "resnet18"],
  ["resnet34", "resnet34"],
  ["resnet50", "resnet50"],
  ["resnet101", "resnet101"],
  ["vgg16", "vgg16"],
  ["vgg16_bn", "vgg16_bn"],
  ["inception_v3", "inception_v3"],
  ["inception_v3_bn", "inception_v3"],
];

Deno.test("networks are told by blocks and widths", () => {
  for (const name of Object.keys(TORCHVISION)) {
    const isKnown = /^(wide_)?res|^vgg|^inception/.test(name);
    assert.equal(networkName(torchvision(name)), isKnown ? name : null, name);
  }
  for (const arch of ARCHITECTURES) {
    const own = networkName(stored(PLACES.get(arch)!));
    assert.equal(own, arch === "inception_v3_bn" ? "inception_v3" : arch);
    assert.equal(architectureOf({ tensors: stored(PLACES.get(arch)!) }), arch);
  }
});

Deno.test("torchvision's files of our backbones fit: every tensor, and nothing of the classifier", () => {
  for (const [arch, name] of THEIRS) {
    const found = fit(arch, torchvision(name));
    assert.ok(typeof found !== "string", `${arch}: ${found}`);
    const added = /^(conv6|bn6|A3_1b|A3_2b)\./;
    const expected = [...PLACES.get(arch)!.keys()].filter((place) => !added.test(place));
    assert.deepEqual([...found.tensors.keys()].sort(), expected.sort(), arch);
    const heads = new Set(
      found.skipped.filter((left) => !left.endsWith(".num_batches_tracked"))
        .map((left) => left.split(".")[0]),
    );
    const theirs: Record<string, string[]> = {
      resnet18: ["fc"],
      resnet34: ["fc"],
      resnet50: ["fc"],
      resnet101: ["fc"],
      vgg16: ["classifier"],
      vgg16_bn: ["classifier"],
      inception_v3: ["AuxLogits", "Mixed_7a", "Mixed_7b", "Mixed_7c", "fc"],
    };
    assert.deepEqual([...heads], theirs[name], arch);
  }
});

Deno.test("another network is named for what it is", () => {
  for (const arch of ARCHITECTURES) {
    for (const name of Object.keys(TORCHVISION)) {
      if (THEIRS.some(([ours, theirs]) => ours === arch && theirs === name)) continue;
      const found = fit(arch, torchvision(name));
      assert.equal(typeof found, "string", `${name} as ${arch}`);
      const known = networkName(torchvision(name)) !== null;
      assert.match(
        found as string,
        known ? new RegExp(`^holds ${name}, not ${arch}`) : /^holds none of|^lacks /,
      );
    }
  }
  assert.equal(
    fit("vgg16_bn", torchvision("vgg16")),
    "holds vgg16, not vgg16_bn; the backbone vgg16 takes it",
  );
});

Deno.test("each missing tensor is refused but the counters, which PyTorch 0.3 did not write", () => {
  for (const [arch, name] of THEIRS) {
    const { skipped } = fit(arch, torchvision(name)) as Exclude<ReturnType<typeof fit>, string>;
    for (const left of Object.keys(TORCHVISION[name])) {
      const tensors = torchvision(name);
      tensors.delete(left);
      const found = fit(arch, tensors);
      if (skipped.includes(left)) assert.notEqual(typeof found, "string", `${left} of ${arch}`);
      else if (/\.running_(mean|var)$/.test(left)) {
        assert.match(found as string, new RegExp(`^lacks 1 of the \\d+ .*: ${left}$`));
      } else assert.equal(typeof found, "string", `${left} of ${arch}`);
    }
  }
});

Deno.test("blocks too many and tensors of another shape are refused", () => {
  const deeper = torchvision("resnet50");
  for (const [name, shape] of Object.entries(TORCHVISION.resnet50)) {
    if (!name.startsWith("layer3.5.")) continue;
    deeper.set(name.replace(".5.", ".6."), { ...deeper.get(name)!, shape });
  }
  assert.equal(
    fit("resnet50", deeper),
    "has 15 tensors that resnet50 does not: layer3.6.conv1.weight …",
  );
  const squeezed = torchvision("resnet50").set("layer2.1.se.fc1.weight", deeper.get("fc.weight")!);
  assert.match(
    fit("resnet50", squeezed) as string,
    /^has 1 tensors .*: layer2\.1\.se\.fc1\.weight$/,
  );
  const odd = torchvision("resnet50");
  odd.set("layer1.0.bn1.bias", { ...odd.get("layer1.0.bn1.bias")!, shape: [65] });
  assert.equal(
    fit("resnet50", odd),
    "has layer1.0.bn1.bias of shape [65], where resnet50 has [64]",
  );
  assert.equal(
    fit("resnet50", new Map()),
    "holds none of the features of resnet50: it has no tensors",
  );
});

Deno.test("what the official code adds may be missing as a whole, not in part", () => {
  for (const arch of ARCHITECTURES) {
    const whole = stored(PLACES.get(arch)!);
    whole.set("conv_last.weight", stored([["", [7, 1024, 1, 1]]]).get("")!);
    whole.set("attention.0.weight", stored([["", [1, 1024, 1, 1]]]).get("")!);
    assert.notEqual(typeof fit(arch, whole), "string", arch);
    const added = [...whole.keys()].filter((name) => /^(conv6|bn6|A3_)/.test(name));
    for (const name of added) {
      const parts = new Map(whole);
      parts.delete(name);
      assert.match(fit(arch, parts) as string, new RegExp(`^lacks 1 of .*: ${name}$`));
    }
  }
});

Deno.test("VGG without the fourth pooling takes torchvision's features in their order", () => {
  const options = { method: "cam", prior: "relu", detachNormaliser: true, classes: 1 } as const;
  for (
    const [arch, theirs, ours] of [
      ["vgg16", "features.28.weight", "features.27.weight"],
      ["vgg16_bn", "features.41.running_var", "features.40.running_var"],
    ] as const
  ) {
    const model = buildModel(Gpu.imagined(), { ...options, arch, largeFeatureMap: true }, 0);
    const tensors = torchvision(arch);
    const found = fitBackbone(arch, placesOf(model.backbone), tensors);
    assert.ok(typeof found !== "string", String(found));
    assert.equal(found.tensors.get(ours), tensors.get(theirs));
    assert.equal(found.tensors.has(theirs), false);
  }
});
