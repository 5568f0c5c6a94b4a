/**
 * Published numbers in percent, by row of our tables.
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

/** Table 3's data sets, as `DATASET_NAMES` has them, and as they are called. */
export const LOCALIZATION_DATA = {
  ilsvrc: "ImageNet",
  cub: "CUB",
  openimages: "OpenImages",
} as const;

/** Name of a data set of Table 3. */
export type LocalizationData = keyof typeof LOCALIZATION_DATA;

/** The architectures of Table 3's means, by their `paperName`. */
export const LOCALIZATION_ARCHITECTURES = ["VGG16", "Inception-v3", "ResNet50"] as const;

/** Where Table 3's numbers come from. */
export const LOCALIZATION_SOURCES = {
  benchmark: "the table of results of the benchmark (Choe et al., 2020; README of " +
    "clovaai/wsolevaluation, its differences from CAM added to CAM)",
  paper: "Table 3 of the paper",
} as const;

/** What was published of a method's localization: MaxBoxAccV2, of OpenImages PxAP. */
export interface PublishedLocalization {
  readonly title: string;
  /** Of each of `LOCALIZATION_ARCHITECTURES`, and their mean. */
  readonly benchmark?: Readonly<
    Record<LocalizationData, readonly [number, number, number, number]>
  >;
  /** The mean of the three architectures. */
  readonly paper?: Readonly<Record<LocalizationData, number | null>>;
}

/**
 * Table 3, and the rows per architecture of the benchmark that it was measured by, which for some
 * means differ by 0.1.
 *
 * A row is named by method and kind of map; what no model here has, by itself.
 */
export const LOCALIZATION: Readonly<Record<string, PublishedLocalization>> = {
  "centre": {
    title: "Centre baseline",
    benchmark: {
      ilsvrc: [52.5, 52.5, 52.5, 52.5],
      cub: [59.7, 59.7, 59.7, 59.7],
      openimages: [45.8, 45.8, 45.8, 45.8],
    },
  },
  "cam cam": {
    title: "CAM",
    benchmark: {
      ilsvrc: [60.0, 63.4, 63.7, 62.4],
      cub: [63.7, 56.7, 63.0, 61.1],
      openimages: [58.3, 63.2, 58.5, 60.0],
    },
    paper: { ilsvrc: 62.4, cub: 61.1, openimages: 60.0 },
  },
  "cam subset": {
    title: "CAM + Y",
    paper: { ilsvrc: 60.6, cub: 63.4, openimages: 60.0 },
  },
  "has cam": {
    title: "HaS",
    benchmark: {
      ilsvrc: [60.6, 63.7, 63.4, 62.6],
      cub: [63.7, 53.4, 64.7, 60.6],
      openimages: [58.1, 58.1, 55.9, 57.4],
    },
    paper: { ilsvrc: 62.6, cub: 60.6, openimages: 57.4 },
  },
  "acol acol": {
    title: "ACoL",
    benchmark: {
      ilsvrc: [57.4, 63.7, 62.3, 61.2],
      cub: [57.4, 56.2, 66.5, 60.0],
      openimages: [54.3, 57.2, 57.3, 56.3],
    },
    paper: { ilsvrc: 61.1, cub: 60.0, openimages: 56.3 },
  },
  "spg cam": {
    title: "SPG",
    benchmark: {
      ilsvrc: [59.9, 63.3, 63.3, 62.2],
      cub: [56.3, 55.9, 60.4, 57.5],
      openimages: [58.3, 62.3, 56.7, 59.1],
    },
    paper: { ilsvrc: 62.2, cub: 57.5, openimages: 59.1 },
  },
  "adl cam": {
    title: "ADL",
    benchmark: {
      ilsvrc: [59.8, 61.4, 63.7, 61.7],
      cub: [66.3, 58.8, 58.4, 61.1],
      openimages: [58.7, 56.8, 55.2, 56.9],
    },
    paper: { ilsvrc: 61.6, cub: 61.1, openimages: 56.9 },
  },
  "cutmix cam": {
    title: "CutMix",
    benchmark: {
      ilsvrc: [59.4, 63.9, 63.3, 62.2],
      cub: [62.3, 57.5, 62.8, 60.8],
      openimages: [58.1, 62.5, 57.7, 59.4],
    },
    paper: { ilsvrc: 62.2, cub: 60.8, openimages: 59.5 },
  },
  "inca": {
    title: "InCA",
    paper: { ilsvrc: 63.1, cub: 63.4, openimages: null },
  },
  "calm-ml joint": {
    title: "CALM_ML",
    paper: { ilsvrc: 62.6, cub: 61.3, openimages: 62.3 },
  },
  "calm-ml subset": {
    title: "CALM_ML + Y",
    paper: { ilsvrc: 62.7, cub: 68.0, openimages: 62.3 },
  },
  "calm-em joint": {
    title: "CALM_EM",
    paper: { ilsvrc: 62.5, cub: 52.5, openimages: 62.7 },
  },
  "calm-em subset": {
    title: "CALM_EM + Y",
    paper: { ilsvrc: 62.8, cub: 65.4, openimages: 62.7 },
  },
  "few-shot": {
    title: "Few-shot baseline (trained on boxes or masks)",
    benchmark: {
      ilsvrc: [60.3, 65.3, 66.3, 64.0],
      cub: [71.6, 86.6, 82.4, 80.2],
      openimages: [65.9, 74.1, 74.4, 71.5],
    },
  },
};

function accuracies(dataset: string, cam: number, ml: number, em: number): PaperNumbers {
  return {
    source: `Table 2 of the paper (${dataset}, ResNet50)`,
    rows: { "cam": [cam], "calm-ml": [ml], "calm-em": [em] },
  };
}
