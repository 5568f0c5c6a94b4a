import { BACKBONES } from "../../../model/backbones/list.ts";
import type { Method } from "../../../model/methods.ts";
import { type AttributionKind, isGradientKind } from "../../maps/kinds.ts";
import { OFFICIAL_STEP } from "../../measures/pixel_ap.ts";
import type { LocalizationScores } from "../../measures/wsol/object_localization.ts";
import { CUE_LOCALIZATION, LOCALIZATION_SOURCES, type PaperNumbers } from "./paper.ts";
import type { found } from "./rows.ts";
import type { Column } from "./table.ts";

/** The paper's numbers beside ours: columns, and what a reader has to know. */
export interface BesidePaper {
  /** `paper 1` for a key `1`; with a mark where something was measured otherwise here. */
  columns(keys: readonly string[]): Column[];
  readonly note: string;
}

/** Stands behind the title of a column whose numbers follow another rule than ours. */
const MARK = "†";

/** @param differences what was measured otherwise here, in words; none where the rule is the same */
function beside(
  { source }: Pick<PaperNumbers, "source">,
  differences: readonly string[],
): BesidePaper {
  const mark = differences.length > 0 ? ` ${MARK}` : "";
  return {
    columns: (keys) =>
      keys.map((key) => ({
        title: `${["paper", key].filter(Boolean).join(" ")}${mark}`,
        digits: 1,
        better: "higher",
        published: true,
      })),
    note: ` Paper: ${source}.` +
      (mark ? ` ${MARK} Not to be compared as they stand; here: ${differences.join("; ")}.` : ""),
  };
}

/** Results of a measure, as `found` gives them. */
export type Rows<M extends Parameters<typeof found>[1]> = ReturnType<typeof found<M>>;

/** Table 1: counted by the official evaluator, of ResNet50, gradient maps blurred. */
export function besideCues(rows: Rows<"cue-localization">): BesidePaper {
  const differences = architectures(rows, "ResNet50");
  if (rows.some(({ options: { options } }) => !options.cumulative || !options.dropLowest)) {
    differences.push(
      "counted exactly, not with the official evaluator's slips (--compat-official)",
    );
  }
  if (rows.some(({ kind }) => kind && isGradientKind(kind))) {
    const blurs = [...new Set(rows.map(({ subject: { blur } }) => blur))];
    differences.push(
      blurs.some((blur) => blur > 0)
        ? `gradient maps blurred by ${blurs.join(", ")} pixels, the paper's by an unstated width`
        : "gradient maps as they are, the paper's blurred by an unstated width (--blur)",
    );
  }
  return beside(CUE_LOCALIZATION, differences);
}

/** Table 2: ResNet50. */
export function besideAccuracy(paper: PaperNumbers, rows: Rows<"classification">): BesidePaper {
  return beside(paper, architectures(rows, "ResNet50"));
}

/** Table 3: the best thresholds of the very pictures, which stand in a column of their own here. */
export function besideLocalization(rows: Rows<"wsol">): BesidePaper {
  const differences: string[] = [];
  const distinct = <T>(values: readonly T[]) => [...new Set(values)];
  for (const step of distinct(rows.map(({ options }) => options.step))) {
    if (step !== OFFICIAL_STEP) {
      differences.push(`thresholds ${step} apart instead of ${OFFICIAL_STEP}`);
    }
  }
  if (rows.some(({ options: { upscaling } }) => upscaling !== "linear")) {
    differences.push("cubic interpolation (the benchmark's) instead of the paper's linear one");
  }
  return beside({ source: LOCALIZATION_SOURCES.paper }, differences);
}

function architectures(
  rows: readonly { readonly subject: { readonly arch: string } }[],
  papers: string,
): string[] {
  const others = new Set(
    rows.map(({ subject: { arch } }) => arch).filter((arch) => familyOf(arch) !== papers),
  );
  return others.size > 0 ? [`${[...others].join(", ")} instead of ${papers}`] : [];
}

/** The paper's name of an architecture, with and without batch norm; null for others. */
export function familyOf(arch: string): string | null {
  return BACKBONES.find(({ name }) => name === arch)?.paperName ?? null;
}

/** Results of a method's map by the paper's three architectures. */
export interface ThreeArchitectures {
  readonly method: Method;
  readonly kind: AttributionKind;
  readonly results: readonly LocalizationScores[];
}

/** Methods and maps of which there is exactly one result of each of the paper's architectures. */
export function meansOfArchitectures(rows: Rows<"wsol">): ThreeArchitectures[] {
  const groups = Map.groupBy(rows, ({ subject, kind }) => `${subject.method} ${kind}`);
  return [...groups.values()].flatMap((group) => {
    const families = new Set(group.map(({ subject }) => familyOf(subject.arch)));
    if (group.length !== 3 || families.size !== 3 || families.has(null)) return [];
    const [{ subject: { method }, kind }] = group;
    return [{ method, kind: kind!, results: group.map(({ result }) => result) }];
  });
}
