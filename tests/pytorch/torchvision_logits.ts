import { decodePicture } from "../../data/codecs.ts";
import { writeNormalised } from "../../data/transform.ts";
import { meanSpatial } from "../../engine/ops/reduce.ts";
import { Random } from "../../engine/random.ts";
import { ResNet } from "../../model/backbones/resnet.ts";
import { Classifier, uploadPictures } from "../../model/classifier.ts";
import { openGpu } from "../../model/open_gpu.ts";
import { elements, readFloat32 } from "../../weights/host_tensor.ts";
import { fromFile } from "../../weights/layout.ts";
import { openStateFile } from "../../weights/state_file.ts";
import { DEFAULT_LOCATION } from "../../model/calm/location.ts";

/** Prints the logits that torchvision's ResNet50 file gives of a 224×224 picture. */
const [path, picture] = Deno.args;
const gpu = await openGpu();
const builder = { gpu, random: Random.of(0) };
const model = new Classifier(builder, new ResNet(builder, 50, { stride: 32 }), {
  classes: 1000,
  method: "cam",
  ...DEFAULT_LOCATION,
});
const file = await openStateFile(path);
for (const { name, tensor } of model.state()) {
  // The linear layer behind the average is the same as a 1×1 convolution before it.
  const { shape, data } = await readFloat32(file.tensors.get(name.replace("conv_last", "fc"))!);
  const square = shape.length === 2 ? { shape: [...shape, 1, 1], data } : { shape, data };
  if (elements(shape) !== tensor.size) throw new Error(`${name} has shape ${shape}`);
  tensor.write(fromFile(square).data);
}
file.close();
model.setTraining(false);
const images = new Float32Array(4 * 224 * 224);
writeNormalised(await decodePicture(await Deno.readFile(picture), picture), 224, images, 0);
const logits = gpu.withoutGradients(() =>
  gpu.scope(() => meanSpatial(model.forward(uploadPictures(gpu, { images, size: 1 })).f))
);
console.log(JSON.stringify([...await logits.read()]));
gpu.destroy();
