import { resolve } from "node:path";

/** What can be fetched; each name is a key of `COMMANDS`. */
export type Download = keyof typeof COMMANDS;

const CUB_ARCHIVE = "https://data.caltech.edu/records/65de6-vp158/files/CUB_200_2011.tgz";

/**
 * Shell lines that fetch parts of data sets, sources of the addresses: data.caltech.edu's records
 * 65de6-vp158 and w9d68-gec53; README.md and the scripts of clovaai/wsolevaluation's `dataset`.
 */
const COMMANDS = {
  "cub": [
    `wget ${CUB_ARCHIVE}`,
    "tar xf CUB_200_2011.tgz   # CUB_200_2011/ and attributes.txt beside it",
  ],
  "segmentations": [
    "wget https://data.caltech.edu/records/w9d68-gec53/files/segmentations.tgz",
    "tar xf segmentations.tgz   # segmentations/",
  ],
  "lists": [
    "git clone https://github.com/clovaai/wsolevaluation",
    "cp -r wsolevaluation/metadata .",
  ],
  "CUB": [
    `wget ${CUB_ARCHIVE}`,
    "tar xf CUB_200_2011.tgz && mkdir -p dataset/CUB && cp -r CUB_200_2011/images/* dataset/CUB/",
  ],
  "CUBV2": [
    "# In a browser: https://drive.google.com/open?id=1U6cwKHS65wayT9FFvoLIA8cn1k0Ot2M1 (CUBV2.tar)",
    "mkdir -p dataset/CUB && tar xf CUBV2.tar -C dataset/CUB",
  ],
  "ILSVRC train": [
    "# With a login, at https://www.image-net.org: ILSVRC2012_img_train.tar (a tar of tars)",
    "mkdir -p dataset/ILSVRC/train && tar xf ILSVRC2012_img_train.tar -C dataset/ILSVRC/train",
    'cd dataset/ILSVRC/train; for t in *.tar; do mkdir "${t%.tar}" && tar xf "$t" -C "${t%.tar}"; done',
  ],
  "ILSVRC test": [
    "# With a login, at https://www.image-net.org: ILSVRC2012_img_val.tar",
    "mkdir -p dataset/ILSVRC/val && tar xf ILSVRC2012_img_val.tar -C dataset/ILSVRC/val",
  ],
  "ImageNetV2": [
    "wget https://s3-us-west-2.amazonaws.com/imagenetv2public/imagenetv2-threshold0.7.tar.gz",
    "# or https://huggingface.co/datasets/vaishaal/ImageNetV2/resolve/main/imagenetv2-threshold0.7.tar.gz",
    "mkdir -p dataset/ILSVRC/val2",
    "tar xf imagenetv2-threshold0.7.tar.gz --strip-components=1 -C dataset/ILSVRC/val2",
  ],
  "OpenImages": [
    "# In a browser: https://drive.google.com/open?id=1oOb4WQ-lb8SYppHEg3lWnpHk1X8WVO4e (OpenImages_images.zip)",
    "unzip -d dataset/OpenImages OpenImages_images.zip",
  ],
  "OpenImages masks": [
    "# In a browser: https://drive.google.com/open?id=1eu1YvcZlsEalhXTS_5Ni5tkImCliIPie (OpenImages_annotations.zip)",
    "unzip -d dataset/OpenImages OpenImages_annotations.zip",
  ],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/**
 * The lines that fetch what is missing; those of each download begin with a `cd`.
 *
 * @param folder where CUB's lists lie, or the root of wsolevaluation's layout
 */
export function commandsFor(folder: string, downloads: ReadonlySet<Download>): string[] {
  return [...downloads].flatMap((download) => [
    // CUB's archive holds the folder itself.
    `cd "${resolve(folder, download === "cub" ? ".." : ".")}"`,
    ...COMMANDS[download],
  ]);
}
