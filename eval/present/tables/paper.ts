/**
 * The paper's published numbers (ICCV 2021), in percent, by row of our tables.
 *
 * A row is named by the method that the model was trained with and the kind of map.
 */
export interface PaperNumbers {
  readonly source: string;
  readonly rows: Readonly<Record<string, readonly number[]>>;
}

/** Table 1: mPxAP of pairs differing in 1, 2, 3 parts and of all, CUB, ResNet50. */
export const CUE_LOCALIZATION: PaperNumbers = {
  source: "Table 1 of the paper (CUB, ResNet50)",
  rows: {
    "cam gradient": [10.0, 13.7, 15.3, 13.9],
    "cam integrated-gradient": [12.0, 15.1, 17.3, 15.7],
    "cam smooth-grad": [11.8, 15.5, 18.6, 16.5],
    "cam var-grad": [16.7, 21.1, 23.1, 21.4],
    "cam cam": [24.1, 28.3, 32.2, 29.6],
    "calm-ml joint": [23.6, 26.7, 28.8, 27.3],
    "calm-em joint": [30.4, 33.3, 36.3, 34.3],
  },
};

/** Table 2: accuracy by data set, ResNet50. */
export const ACCURACY: Readonly<Record<string, PaperNumbers>> = {
  cub: accuracies("CUB", 70.6, 59.6, 71.8),
  openimages: accuracies("OpenImages", 72.1, 70.9, 70.1),
  ilsvrc: accuracies("ImageNet", 74.5, 70.6, 70.4),
};

/** Table 3: MaxBoxAccV2, of OpenImages PxAP; means over ResNet50, Inception-v3 and VGG16. */
export const LOCALIZATION: Readonly<Record<string, PaperNumbers>> = {
  ilsvrc: localization("ImageNet", [62.4, 60.6], [62.6, 62.7], [62.5, 62.8]),
  cub: localization("CUB", [61.1, 63.4], [61.3, 68.0], [52.5, 65.4]),
  openimages: localization("OpenImages", [60.0, 60.0], [62.3, 62.3], [62.7, 62.7]),
};

function accuracies(dataset: string, cam: number, ml: number, em: number): PaperNumbers {
  return {
    source: `Table 2 of the paper (${dataset}, ResNet50)`,
    rows: { "cam": [cam], "calm-ml": [ml], "calm-em": [em] },
  };
}

/** Each pair: without and with the superset Y. */
function localization(
  dataset: string,
  cam: readonly [number, number],
  ml: readonly [number, number],
  em: readonly [number, number],
): PaperNumbers {
  return {
    source: `Table 3 of the paper (${dataset}, mean of three architectures)`,
    rows: {
      "cam cam": [cam[0]],
      "cam subset": [cam[1]],
      "calm-ml joint": [ml[0]],
      "calm-ml subset": [ml[1]],
      "calm-em joint": [em[0]],
      "calm-em subset": [em[1]],
    },
  };
}
