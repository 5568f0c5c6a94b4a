import assert from "node:assert/strict";
import { Random } from "../../engine/random.ts";
import { mutated, readWhole, SOUND_FILES } from "./mutations.ts";

for (const [name, original] of SOUND_FILES) {
  Deno.test(`2,000 mutations of ${name}: read, or refused in one sentence`, async () => {
    const random = Random.of(4, 0xf022);
    let refused = 0;
    for (let round = 0; round < 2000; round++) {
      const bytes = mutated(original, random);
      const start = performance.now();
      try {
        await readWhole(bytes);
      } catch (error) {
        assert.equal(
          (error as Error).name,
          "UserError",
          `round ${round}: ${(error as Error).stack}`,
        );
        refused++;
      }
      const took = performance.now() - start;
      assert.ok(took < 5000, `round ${round} took ${took} ms`);
    }
    assert.ok(refused > 200, `only ${refused} of 2,000 were refused`);
  });
}
