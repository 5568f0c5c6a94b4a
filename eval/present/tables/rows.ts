import { type Method, methodKind, METHODS } from "../../../model/methods.ts";
import { type AttributionKind, rowOf } from "../../maps/kinds.ts";
import type { Subject } from "../../measures/job/subject.ts";
import {
  kindOf,
  type Measured,
  type MeasureName,
  type MeasureOptions,
  type MeasureResults,
} from "../../measures/measures.ts";

/** A model and everything that was measured of it. */
export interface MeasuredModel {
  /** Tells models of the same method apart. */
  readonly label: string;
  readonly subject: Subject;
  readonly measured: readonly Measured[];
}

/** What a row is called: `CALM_EM + Y`, `SmoothGrad of CAM`, `CALM_EM, saliency`. */
export function rowTitle(method: Method, kind: AttributionKind): string {
  const { row, rowOfAcol } = rowOf(kind);
  const words = (method === "acol" ? rowOfAcol : undefined) ?? row;
  return words.replace("MODEL", methodKind(method).title);
}

/** Models by method, then by label. */
export function inOrder(models: readonly MeasuredModel[]): MeasuredModel[] {
  const place = ({ subject }: MeasuredModel) => METHODS.indexOf(subject.method);
  return models.toSorted((a, b) =>
    place(a) - place(b) || (a.label < b.label ? -1 : Number(a.label > b.label))
  );
}

/** Measures of maps alone: of one that no model made they find the same with every model. */
const OF_MAPS: readonly MeasureName[] = ["wsol", "pointing-game"];

/** Without the results of a map that no model made for any model but the first. */
export function onceEach<
  Row extends { readonly kind: AttributionKind | null; readonly title: string },
>(rows: readonly Row[]): Row[] {
  return rows.filter(({ kind, title }, i) =>
    !kind || !rowOf(kind).modelFree || rows.findIndex((row) => row.title === title) === i
  );
}

/** @param which tells models of a method apart */
function titleOf(
  what: MeasureName,
  kind: AttributionKind | null,
  method: Method,
  which: string,
): string {
  const model = methodKind(method).title + which;
  if (kind === null) return model;
  const row = rowTitle(method, kind);
  if (!rowOf(kind).modelFree) return row + which;
  return OF_MAPS.includes(what) ? row : `${row}, ${model}`;
}

/** All results of a measure and its options, model by model, with the titles of their rows. */
export function found<M extends MeasureName>(models: readonly MeasuredModel[], what: M) {
  // Who was trained for longer is not compared without a word.
  const differ = new Set(models.map(({ subject }) => subject.epochs)).size > 1;
  return models.flatMap(({ label, subject, measured }) => {
    const { epochs } = subject;
    const trained = !differ
      ? ""
      : epochs === null
      ? ", unknown epochs"
      : `, ${epochs} epoch${epochs === 1 ? "" : "s"}`;
    const alone = models.filter((other) => other.subject.method === subject.method).length === 1;
    return measured.filter((each) => each.what === what).map((each) => {
      const kind = kindOf(each);
      return {
        subject,
        label,
        kind,
        title: titleOf(what, kind, subject.method, (alone ? "" : ` (${label})`) + trained),
        options: each.options as MeasureOptions[M],
        result: each.result as MeasureResults[M],
      };
    });
  });
}
