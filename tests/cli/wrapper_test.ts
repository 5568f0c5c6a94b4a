import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { pathsBelow } from "../faults/program.ts";

const WRAPPER = fileURLToPath(new URL("../../calm", import.meta.url));
const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));
const WEIGHTS = fileURLToPath(new URL("../goldens/torch/zip.pth", import.meta.url));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(
  program: string,
  args: readonly string[],
  { cwd, env = {} }: { readonly cwd?: string; readonly env?: Record<string, string> } = {},
): Promise<Ended> {
  const output = await new Deno.Command(program, {
    args: [...args],
    cwd,
    env: { INIT_CWD: "", CALM_NOHUP: "", CALM_NO_INSTALL: "", ...env },
  }).output();
  const [stdout, stderr] = [output.stdout, output.stderr]
    .map((bytes) => new TextDecoder().decode(bytes));
  return { code: output.code, stdout, stderr };
}

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const path = () => `${dirname(Deno.execPath())}:${Deno.env.get("PATH")}`;

Deno.test({
  name: "paths are the caller's, through links to ./calm, too",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      const env = { PATH: path() };
      const cwd = join(folder, "a folder");
      await Deno.mkdir(cwd);
      await Deno.copyFile(WEIGHTS, join(cwd, "mine.pth"));
      await Deno.symlink(WRAPPER, join(folder, "first"));
      await Deno.symlink("first", join(folder, "second"));
      for (const program of [WRAPPER, join(folder, "second")]) {
        const { code, stderr } = await run(program, ["convert", "mine.pth", "out.safetensors"], {
          cwd,
          env,
        });
        assert.equal(code, 0, stderr);
        await Deno.remove(join(cwd, "out.safetensors"));
      }
      // From npm's scripts the variable is that of another folder.
      const inspect = await run(WRAPPER, ["weights", "inspect", "mine.pth"], {
        cwd,
        env: { ...env, INIT_CWD: "/" },
      });
      assert.equal(inspect.code, 0, inspect.stderr);
      assert.doesNotMatch(inspect.stderr, /Task weights/);
    }),
});

Deno.test({
  name: "who kills ./calm kills the program, and nobody goes on in its place",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      const child = new Deno.Command(WRAPPER, {
        args: ["data", "birds", join(folder, "birds"), "--classes", "60", "--train", "60"],
        env: { PATH: path(), INIT_CWD: "" },
        stderr: "null",
      }).spawn();
      await new Promise((resolve) => setTimeout(resolve, 1500));
      child.kill("SIGKILL");
      assert.equal((await child.status).signal, "SIGKILL");
      const drawn = async () =>
        (await pathsBelow(folder)).filter((path) => path.endsWith(".jpg")).length;
      const before = await drawn();
      await new Promise((resolve) => setTimeout(resolve, 700));
      assert.equal(await drawn(), before);
      assert.ok(before > 0 && before < 4800, `${before} pictures`);
    }),
});

Deno.test({
  name: "what is no task is answered by the program itself",
  ignore: Deno.build.os === "windows",
  async fn() {
    const env = { PATH: path() };
    for (const args of [[], ["help"], ["--help"]]) {
      assert.match((await run(WRAPPER, args, { env })).stdout, /^CALM on WebGPU: image cl/);
    }
    assert.match((await run(WRAPPER, ["--version"], { env })).stdout, /^CALM on WebGPU \d/);
    for (const args of [["help", "test"], ["test", "--help"], ["test", "a.ts", "-h"]]) {
      assert.match((await run(WRAPPER, args, { env })).stdout, /^Runs all tests.*calm test \[F/s);
    }
    for (const args of [["help", "check"], ["check", "--help"]]) {
      assert.match((await run(WRAPPER, args, { env })).stdout, /^Checks types.*calm check/s);
    }
    const mistyped = await run(WRAPPER, ["trian"], { env });
    assert.equal(mistyped.code, 1);
    assert.match(mistyped.stderr, /There is no task "trian".*train/);
  },
});

Deno.test({
  name: "files run alone where they are named, without colours where nobody sees them",
  ignore: Deno.build.os === "windows",
  async fn() {
    const command = (
      env: Record<string, string>,
      file = "tests/eval/measures/npy_test.ts",
      cwd = ".",
    ) =>
      new Deno.Command(WRAPPER, {
        args: ["test", file, "--no-check"],
        cwd,
        // Without NO_COLOR, which whoever runs this may have set.
        clearEnv: true,
        env: { PATH: path(), HOME: Deno.env.get("HOME") ?? "", ...env },
      }).output();
    const { code, stdout } = await command({});
    const text = new TextDecoder().decode(stdout);
    assert.equal(code, 0, text);
    assert.equal(text.match(/^running \d+ tests? from/gm)?.length, 1);
    assert.ok(!text.includes("\x1b"));
    const near = join(dirname(WRAPPER), "tests", "eval", "measures");
    assert.equal((await command({}, "npy_test.ts", near)).code, 0, "as the caller sees it");
    const coloured = await command({ FORCE_COLOR: "1" });
    assert.ok(new TextDecoder().decode(coloured.stdout).includes("\x1b"));
  },
});

/**
 * A clone on a machine of which the programs are these scripts: every call is written to `calls`.
 */
async function onMachine(
  programs: Readonly<Record<string, string>>,
  body: (machine: {
    calm(args: readonly string[], env?: Record<string, string>): Promise<Ended>;
    calls(): Promise<string[]>;
    readonly clone: string;
  }) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    const [clone, bin] = [join(folder, "clone"), join(folder, "bin")];
    await Deno.mkdir(clone);
    await Deno.mkdir(bin);
    await Deno.copyFile(WRAPPER, join(clone, "calm"));
    await Deno.copyFile(CONFIG, join(clone, "deno.json"));
    for (
      const tool of "sh sed grep tail mktemp mkdir mv rm dirname readlink uname cat sleep chmod"
        .split(" ")
    ) {
      const { stdout } = await run("sh", ["-c", `command -v ${tool}`]);
      await Deno.symlink(stdout.trim(), join(bin, tool));
    }
    for (const [name, text] of Object.entries(programs)) {
      const script = `#!/bin/sh\necho "${name} $*" >> "${folder}/calls"\n${text}\n`;
      await Deno.writeTextFile(join(bin, name), script, { mode: 0o755 });
    }
    await body({
      clone,
      calm: (args, env) => run(join(clone, "calm"), args, { env: { PATH: bin, ...env } }),
      async calls() {
        try {
          return (await Deno.readTextFile(join(folder, "calls"))).trimEnd().split("\n");
        } catch {
          return [];
        }
      },
    });
  });
}

/** A Deno that finds no adapter, and tells what it was to run. */
const BLIND_DENO = `case "$1" in
  --version) echo "deno 2.9.6 (stable)" ;;
  eval) exit 1 ;;
  *) echo "ran $*" ;;
esac`;
const AS_ROOT = "echo 0";
const NO_PACKAGE = "exit 1";

Deno.test({
  name: "a driver that cannot be installed stops nothing, and is tried once",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    onMachine(
      { "deno": BLIND_DENO, "id": AS_ROOT, "dpkg-query": NO_PACKAGE, "apt-get": "exit 100" },
      async ({ calm, calls, clone }) => {
        const installs = async () => (await calls()).filter((call) => /^apt-get/.test(call)).length;
        const first = await calm(["explain", "a.jpg"]);
        assert.equal(first.code, 0, first.stderr);
        assert.match(first.stdout, /ran run .*--allow-write .*cli\.ts explain a\.jpg/);
        assert.match(first.stderr, /the driver could not be installed; going on as it is/);
        assert.equal(await installs(), 1);
        const second = await calm(["explain", "a.jpg"]);
        assert.equal(second.code, 0);
        assert.match(second.stderr, /no WebGPU adapter here; .*as root: /);
        assert.equal(await installs(), 1);
        await Deno.remove(join(clone, ".calm", "no-driver"));
        await calm(["explain", "a.jpg"]);
        assert.equal(await installs(), 2);
      },
    ),
});

Deno.test({
  name: "no driver is asked for where none is needed, or installing is forbidden",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    onMachine(
      { "deno": BLIND_DENO, "id": AS_ROOT, "dpkg-query": NO_PACKAGE, "apt-get": "exit 100" },
      async ({ calm, calls }) => {
        for (const args of [["weights", "inspect", "a"], ["train", "--help"], ["--version"]]) {
          const { stderr, stdout } = await calm(args);
          assert.equal(stderr, "");
          assert.match(stdout, /^ran /);
        }
        const forbidden = await calm(["train"], { CALM_NO_INSTALL: "1" });
        assert.match(forbidden.stdout, /ran run .*cli\.ts train/);
        assert.match(forbidden.stderr, /no WebGPU adapter here; .*as root: .*mesa-vulkan-drivers/);
        assert.equal((await calls()).some((call) => /^apt-get/.test(call)), false);
        // A list of packages that is there is the user's.
        assert.doesNotMatch(forbidden.stderr, /> \/etc\/apt\/sources\.list\.d\/bookworm/);
      },
    ),
});

const NPM = `while [ "$1" != --prefix ]; do shift; done
mkdir -p "$2/node_modules/.bin"
printf '#!/bin/sh\\n[ "$1" = --version ] && echo "deno 2.9' > "$2/node_modules/.bin/deno"
sleep 0.3
printf '.6" || echo "ran $*"\\n' >> "$2/node_modules/.bin/deno"
chmod +x "$2/node_modules/.bin/deno"`;

Deno.test({
  name: "Deno is installed whole or not at all, by several at once, too",
  ignore: Deno.build.os === "windows",
  fn: () =>
    onMachine({ npm: NPM }, async ({ calm, calls, clone }) => {
      const forbidden = await calm(["weights"], { CALM_NO_INSTALL: "1" });
      assert.equal(forbidden.code, 1);
      assert.match(forbidden.stderr, /Deno 2\.8 or newer is needed, and CALM_NO_INSTALL forbids/);
      const both = await Promise.all([calm(["weights"]), calm(["weights"])]);
      for (const { code, stdout, stderr } of both) {
        assert.equal(code, 0, stderr);
        assert.match(stdout, /^ran run .*cli\.ts weights/);
      }
      assert.match((await calm(["weights"])).stdout, /^ran run .*cli\.ts weights/);
      assert.equal((await calls()).length, 2, "the third finds what the others installed");
      const left = await Array.fromAsync(Deno.readDir(join(clone, ".calm")));
      assert.deepEqual(left.map(({ name }) => name), ["node_modules"]);
    }),
});

Deno.test({
  name: "a failed installation of Deno leaves nothing and says so",
  ignore: Deno.build.os === "windows",
  fn: () =>
    onMachine({ npm: `${NPM}\nexit 1` }, async ({ calm, clone }) => {
      const { code, stderr } = await calm(["weights"]);
      assert.equal(code, 1);
      assert.match(stderr, /npm could not install deno@/);
      assert.deepEqual(await Array.fromAsync(Deno.readDir(join(clone, ".calm"))), []);
    }),
});

Deno.test({
  name: "begun with nohup, the program is told that it is to outlive its terminal",
  ignore: Deno.build.os === "windows",
  fn: () =>
    onMachine(
      { deno: `[ "$1" = --version ] && echo "deno 2.9.6" || echo "nohup: $CALM_NOHUP"` },
      async ({ calm, clone }) => {
        assert.equal((await calm(["weights"])).stdout, "nohup: \n");
        const script = `trap '' HUP; exec ${join(clone, "calm")} weights`;
        const bin = join(dirname(clone), "bin");
        const { stdout, stderr } = await run("sh", ["-c", script], { env: { PATH: bin } });
        assert.equal(stdout, "nohup: 1\n", stderr);
      },
    ),
});
