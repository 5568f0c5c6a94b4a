import type { TrainingProgress } from "../../model/checkpoint.ts";
import { learningRate, type TrainingRecipe } from "../../model/trainer.ts";
import { Markup, markup } from "./markup.ts";
import { lineChart } from "./line_chart.ts";

/** Loss and accuracy by epoch, with the epochs at which the learning rate falls. */
export function trainingCharts(
  { trainLoss, trainAccuracy }: Pick<TrainingProgress, "trainLoss" | "trainAccuracy">,
  recipe: TrainingRecipe,
  testAccuracy: number,
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
  const loss = lineChart({
    ...common,
    title: "Training loss",
    description: describe("The training loss", trainLoss, (value) => value.toFixed(3)),
    yLabel: "mean loss of a picture (nats)",
    series: [{ name: "training loss", points: byEpoch(trainLoss) }],
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
  `;
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
