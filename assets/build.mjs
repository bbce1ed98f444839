// Builds static/build/ from the packages in assets/package.json: `node assets/build.mjs`.
//
// Nothing that it writes is committed. Names are plain; Django's manifest storage adds the
// hashes. A stamp of all inputs makes a second run do nothing; --force builds all the same.
import { createHash } from "node:crypto";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, "node_modules");
const out = join(here, "..", "static", "build");
const inputs = ["package-lock.json", "build.mjs", "echarts.js", "icons.txt"];

async function stampOfInputs() {
  const hash = createHash("sha256");
  for (const name of inputs) hash.update(name).update(await readFile(join(here, name)));
  return hash.digest("hex");
}

async function wanted(stamp) {
  if (process.argv.includes("--force")) return true;
  const built = await readFile(join(out, "stamp.txt"), "utf8").catch(() => "");
  return built.trim() !== stamp;
}

async function charts() {
  const { build } = await import("esbuild");
  await build({
    entryPoints: [join(here, "echarts.js")],
    outfile: join(out, "echarts.js"),
    bundle: true,
    minify: true,
    format: "iife",
    globalName: "echarts",
    target: ["chrome99", "safari15"],
    define: { "process.env.NODE_ENV": '"production"' },
    legalComments: "inline",
    logLevel: "warning",
  });
}

// The signs that the pages of HQ write in latin letters, as the unicode-range of fonts.css names them.
const signs = [[0x20, 0x7e], [0xa0, 0xff], [0x131, 0x131], [0x152, 0x153], [0x2010, 0x2026], [0x2030, 0x203a], [0x20ac, 0x20ac], [0x2122, 0x2122], [0x2190, 0x2193], [0x2212, 0x2212]];

// Half of the file is weights, signs and features that no page uses; every first visit would pay for them.
async function typeface() {
  const { default: subset } = await import("subset-font");
  const font = join(modules, "@fontsource-variable", "inter");
  const whole = await readFile(join(font, "files", "inter-latin-wght-normal.woff2"));
  const text = signs.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, n) => String.fromCodePoint(first + n)));
  const cut = await subset(whole, text.join(""), {
    targetFormat: "woff2",
    variationAxes: { wght: { min: 400, max: 650, default: 400 } },
    keepFeatures: ["kern", "tnum", "ccmp", "locl", "mark", "mkmk", "calt"],
  });
  await writeFile(join(out, "inter-latin.woff2"), cut);
  await cp(join(font, "LICENSE"), join(out, "inter-LICENSE.txt"));
}

// Keeps only the shapes; the icon tag writes the <svg> with its strokes around them. (This package
// is Lucide in one file: the one with a file for each icon takes longer to unpack than all the rest.)
async function icons() {
  const lucide = join(modules, "@iconify-json", "lucide");
  const { icons: known, aliases } = JSON.parse(await readFile(join(lucide, "icons.json"), "utf8"));
  const list = await readFile(join(here, "icons.txt"), "utf8");
  const names = list.split("\n").map((line) => line.trim()).filter((line) => line && !line.startsWith("#"));
  const shapes = {};
  for (const name of names) {
    const icon = known[name] ?? known[aliases[name]?.parent];
    if (!icon) throw new Error(`Lucide has no icon "${name}" (assets/icons.txt)`);
    shapes[name] = icon.body.replaceAll(
      ' fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round" stroke-width="2"',
      "",
    );
  }
  await writeFile(join(out, "icons.json"), JSON.stringify(shapes));
  await cp(join(lucide, "info.json"), join(out, "lucide-info.json"));
}

const stamp = await stampOfInputs();
if (await wanted(stamp)) {
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  await Promise.all([charts(), typeface(), icons()]);
  await writeFile(join(out, "stamp.txt"), `${stamp}\n`);
  console.log("assets: built static/build");
} else {
  console.log("assets: static/build is up to date");
}
