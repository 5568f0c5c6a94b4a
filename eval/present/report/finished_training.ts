import type { AdapterDescription } from "../../../engine/gpu.ts";
import type { ModelOptions } from "../../../model/build.ts";
import type { TrainingProgress } from "../../../model/training/progress.ts";
import type { TrainingRecipe } from "../../../model/training/recipe.ts";
import type { SheetRow } from "../pictures/contact_sheet.ts";
import type { Table } from "../tables/table.ts";
import type { AttributionKind } from "../../maps/kinds.ts";

/** A run that has come to its end, and what is known of it. */
export interface FinishedTraining {
  readonly dataset: {
    readonly name: string;
    readonly root: string;
    readonly classes: readonly string[];
    readonly trainImages: number;
    readonly testImages: number;
  };
  readonly options: Omit<ModelOptions, "classes">;
  /** File that the backbone began with, when it was not trained from scratch. */
  readonly pretrained?: string;
  readonly parameters: number;
  readonly recipe: TrainingRecipe;
  readonly progress: Pick<
    TrainingProgress,
    "trainLoss" | "trainAccuracy" | "trainNegativeLogLikelihood"
  >;
  readonly test: { readonly accuracy: number; readonly loss: number };
  /** Of training, since the run was begun or resumed; null where that is not known. */
  readonly seconds: number | null;
  readonly imagesPerSecond: number | null;
  /** Epochs that were complete when the run was resumed; 0 for a run in one go. */
  readonly resumedAt: number;
  readonly adapter: Pick<AdapterDescription, "description" | "fallback">;
  /** Tables of the model's own maps; none where the data set has no annotations for them. */
  readonly tables: readonly Table[];
  /** Test pictures with the kinds of map to show; the model's own is the first. */
  readonly rows: readonly SheetRow[];
  readonly kinds: readonly AttributionKind[];
  readonly out: string;
  readonly checkpoint: string;
}
