import type { AttributionMap } from "../../eval/maps/explain.ts";
import type { Look } from "../../eval/present/pictures/look.ts";
import type { OpenedModel } from "../../model/stored/open_model.ts";
import { needsPasses } from "../../eval/maps/kinds.ts";
import type { Examination, MapChoice } from "./examination.ts";
import { className, kindWords, number, probability } from "./words.ts";
import { isCalm } from "../../model/methods.ts";

/** What is said about a map. */
export interface MapWords {
  /** The kind of map and its class, e.g. "Joint: Northern Mossthrush". */
  readonly title: string;
  /** What the values are, e.g. "p(y, z | x)". */
  readonly values: string;
  /** What the cells add up to, where that is something. */
  readonly sum?: string;
  /** What the brightest colour stands for, where it is not the map's own largest value. */
  readonly scale?: string;
  /** What the map is made of: cells of the feature map, or pixels. */
  readonly unit: "cells" | "pixels";
}

/** What there is to say about a map of a choice. */
export function mapWords(
  examination: Examination,
  choice: MapChoice,
  map: AttributionMap,
  look: Look,
): MapWords {
  const { opened } = examination;
  const words = kindWords(opened, choice.kind);
  return {
    title: `${words.name}: ${subject(opened, choice)}`,
    values: words.values,
    sum: sumWords(opened, choice, map),
    scale: scaleWords(choice, look),
    unit: map.width === examination.evidence(choice.label).width ? "cells" : "pixels",
  };
}

function subject(opened: OpenedModel, { kind, label, against, superset }: MapChoice): string {
  const name = (y: number) => className(opened, y);
  if (kind === "counterfactual") return `${name(label)} (red) instead of ${name(against)} (blue)`;
  if (kind === "subset") return superset.map(name).join(" + ") || "no class";
  return kind === "saliency" ? "any class" : name(label);
}

function scaleWords({ kind }: MapChoice, { scale, top }: Look): string | undefined {
  if (top !== null) return `The brightest colour is ${number(top)}, as you chose.`;
  if (scale === "own") return undefined;
  const others = needsPasses(kind) ? "with the predicted class" : "by all classes";
  return `The scale is shared ${others}.`;
}

function sumWords(
  { model }: OpenedModel,
  { kind }: MapChoice,
  { values }: AttributionMap,
): string | undefined {
  if (!isCalm(model.method)) return undefined;
  const total = values.reduce((a, b) => a + b, 0);
  if (kind === "joint") return `The cells add up to p(y | x) = ${probability(total)}.`;
  if (kind === "subset") return `The cells add up to ${probability(total)}.`;
  if (kind !== "counterfactual") return undefined;
  return `The cells add up to ${number(total)}, the difference of the two probabilities.`;
}

/** What is being done while a map is made. */
export function workWords(opened: OpenedModel, { kind, label }: MapChoice): string {
  const { name } = kindWords(opened, kind);
  const passes = needsPasses(kind) ? "; choose another map to stop it" : "";
  return `Computing ${name} of ${className(opened, label)}${passes} …`;
}
