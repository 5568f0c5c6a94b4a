import type { Method } from "../../../model/methods.ts";
import { learningRate, type TrainingRecipe } from "../../../model/training/recipe.ts";
import { Markup, markup } from "./markup.ts";
import type { FinishedTraining } from "./finished_training.ts";
import { lineChart } from "./line_chart.ts";

/** Loss and accuracy by epoch, with the epochs at which the learning rate falls. */
export function trainingCharts(
  { trainLoss, trainAccuracy, trainNegativeLogLikelihood }: FinishedTraining["progress"],
  { method, recipe, testAccuracy, cells }: {
    readonly method: Method;
    readonly recipe: TrainingRecipe;
    readonly testAccuracy: number;
    /** Places that a map has. */
    readonly cells: number;
  },
): Markup {
  const byEpoch = (values: readonly number[]) => values.map((value, i) => [i + 1, value] as const);
  const common = {
    xLabel: "epoch",
    wholeX: true,
    width: 480,
    height: 310,
    marks: rateDrops(recipe, trainLoss.length),
  };
  const percentages = trainAccuracy.map((share) => 100 * share);
  // Of the other methods it is the loss.
  const likelihood = method === "calm-em" ? trainNegativeLogLikelihood : undefined;
  const loss = lineChart({
    ...common,
    title: "Training loss",
    description: describe("The training loss", trainLoss, (value) => value.toFixed(3)),
    yLabel: "mean loss of a picture (nats)",
    series: likelihood
      ? [
        { name: "−log p(ŷ|x)", points: byEpoch(likelihood) },
        { name: "EM loss", points: byEpoch(trainLoss) },
      ]
      : [{ name: "training loss", points: byEpoch(trainLoss) }],
    include: [0],
  });
  const accuracy = lineChart({
    ...common,
    title: "Training accuracy",
    description: describe("The training accuracy", percentages, (v) => `${v.toFixed(1)} %`),
    yLabel: "pictures classified right (%)",
    series: [{ name: "training accuracy", points: byEpoch(percentages) }],
    include: [0, 100],
    reference: {
      y: 100 * testAccuracy,
      text: `test, at the end: ${(100 * testAccuracy).toFixed(1)} %`,
    },
  });
  return markup`
    <div class="charts">
      <figure>${new Markup(loss)}</figure>
      <figure>${new Markup(accuracy)}</figure>
    </div>
    ${likelihood ? aboutEm(cells) : null}
  `;
}

/** Why the curve of the loss hardly falls while the model learns. */
function aboutEm(cells: number): Markup {
  return markup`<p>The EM loss is −log p(ŷ|x) plus the entropy of p(z|x, ŷ): how evenly the evidence
lies over the places, at most log ${cells} = ${
    Math.log(cells).toFixed(2)
  } for ${cells} of them. A cue
that covers much of the object keeps that part large however well the model has learned, so that the
loss stays high; −log p(ŷ|x) is what falls with the mistakes.</p>`;
}

/** Epochs with a lower rate than the one before. */
function rateDrops(recipe: TrainingRecipe, epochs: number) {
  const marks: { x: number; text: string }[] = [];
  for (let epoch = 2; epoch <= epochs; epoch++) {
    const rate = learningRate(recipe, epoch);
    if (rate < learningRate(recipe, epoch - 1)) {
      marks.push({ x: epoch, text: `learning rate ${Number(rate.toPrecision(3))}` });
    }
  }
  return marks;
}

function describe(
  what: string,
  values: readonly number[],
  written: (value: number) => string,
): string {
  return `${what} by epoch: ${written(values[0])} after epoch 1, ${
    written(values.at(-1)!)
  } after ` +
    `epoch ${values.length}.`;
}
