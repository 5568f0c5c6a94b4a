import type { Dataset } from "../../../data/dataset.ts";
import { holdOut } from "../../../data/hold_out.ts";
import type { OpeningEvents } from "../../../data/open.ts";
import { UserError } from "../../../engine/errors.ts";
import { possibleOn } from "../../measures/job/plan.ts";
import { openTrainable } from "../run_plan.ts";
import type { TrainingSettings } from "../run_plan.ts";

/** Training pictures of each class to choose on where a data set has none for that; CUBV2 has 5. */
const PER_CLASS = 5;

/**
 * The data of a search: with a `val` split to choose on, its own or one held out of training.
 *
 * @returns the data set, and how many training pictures of each class are held out, if any
 * @throws {UserError} when it says nothing of where the objects are that are to be found
 */
export async function openSearchedData(
  { dataset: name, data, holdOut: asked }: Pick<TrainingSettings, "dataset" | "data" | "holdOut">,
  events: OpeningEvents,
): Promise<{ readonly dataset: Dataset; readonly perClass?: number }> {
  const dataset = await openTrainable({ dataset: name, data }, null, events);
  const refuse = (what: string): never => {
    throw new UserError(`${name} in ${dataset.root} has no ${what}, by which settings are chosen`);
  };
  const { places } = await possibleOn(dataset, () => {});
  if (!places) refuse("boxes or masks of objects");
  if (dataset.val && asked === undefined) return { dataset };
  if (dataset.localization && !dataset.val) refuse("val pictures");
  const perClass = asked ?? PER_CLASS;
  return { dataset: holdOut(dataset, perClass), perClass };
}
