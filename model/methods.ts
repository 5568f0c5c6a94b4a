/** What there is to know of a way to train a classifier with maps. */
export interface MethodKind {
  /** What the papers call it. */
  readonly title: string;
  /**
   * Its last layers: class logits of each location pooled (`pooled`), with a location prior
   * (`calm`), two classifiers of which one sees what the other does not (`acol`), or with branches
   * that teach each other masks (`spg`).
   */
  readonly head: "pooled" | "calm" | "acol" | "spg";
  /**
   * A method of the WSOL benchmark (Choe et al., 2020): its networks, first weights and groups of
   * parameters are those of clovaai/wsolevaluation, the others' those of naver-ai/calm.
   */
  readonly ofBenchmark?: true;
}

/**
 * All methods. HaS and CutMix change the pictures that CAM is trained on, ADL the features; both can
 * be had with CALM, too (`--augment`, `--adl`).
 */
export const METHOD_KINDS = {
  "cam": { title: "CAM", head: "pooled" },
  "has": { title: "HaS", head: "pooled", ofBenchmark: true },
  "acol": { title: "ACoL", head: "acol", ofBenchmark: true },
  "spg": { title: "SPG", head: "spg", ofBenchmark: true },
  "adl": { title: "ADL", head: "pooled", ofBenchmark: true },
  "cutmix": { title: "CutMix", head: "pooled", ofBenchmark: true },
  "calm-ml": { title: "CALM_ML", head: "calm" },
  "calm-em": { title: "CALM_EM", head: "calm" },
} as const satisfies Readonly<Record<string, MethodKind>>;

/** Name of a method. */
export type Method = keyof typeof METHOD_KINDS;

/** All names, in the order of tables. */
export const METHODS = Object.keys(METHOD_KINDS) as readonly Method[];

/** The methods that the paper trains itself. */
export const PAPER_METHODS = ["cam", "calm-ml", "calm-em"] as const satisfies readonly Method[];

/** What there is to know of a method. */
export function methodKind(method: Method): MethodKind {
  return METHOD_KINDS[method];
}

/** Whether a method has a location prior, and with it p(y,z|x). */
export function isCalm(method: Method): boolean {
  return methodKind(method).head === "calm";
}

/** Whether a method is one of the WSOL benchmark. */
export function isOfBenchmark(method: Method): boolean {
  return methodKind(method).ofBenchmark === true;
}
