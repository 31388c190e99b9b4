// Builds rexian/kernel/web/static/ from css/, js/ and the packages in package-lock.json.
//   npm ci && npm run build     write the files
//   npm run check               compare only; exit 1 and name the file that differs
// static/manifest.json holds the SHA-256 of the sources and of each built file: a test without
// Node finds a source that was changed and not built.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "rexian", "kernel", "web", "static");
const checking = process.argv.includes("--check");

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

function sources() {
  const names = ["package-lock.json", "build.js"];
  for (const folder of ["css", "js", "static"]) {
    for (const name of readdirSync(join(here, folder)).sort()) names.push(`${folder}/${name}`);
  }
  const all = createHash("sha256");
  for (const name of names) {
    all.update(`${name}\0`);
    all.update(sha256(readFileSync(join(here, name))));
  }
  return all.digest("hex");
}

const common = { bundle: true, minify: true, write: false, legalComments: "eof", charset: "utf8" };
const script = await build({
  ...common,
  entryPoints: [join(here, "js", "app.js")],
  format: "iife",
  target: ["chrome100", "firefox100", "safari15"],
});
const style = await build({ ...common, entryPoints: [join(here, "css", "app.css")] });

const files = {
  "app.js": Buffer.from(script.outputFiles[0].contents),
  "app.css": Buffer.from(style.outputFiles[0].contents),
  "icon.svg": readFileSync(join(here, "static", "icon.svg")),
};
const manifest = {
  sources: sources(),
  files: Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, sha256(bytes)])),
};
files["manifest.json"] = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);

mkdirSync(out, { recursive: true });
let differs = false;
for (const [name, bytes] of Object.entries(files)) {
  if (!checking) {
    writeFileSync(join(out, name), bytes);
    continue;
  }
  let built = Buffer.alloc(0);
  try {
    built = readFileSync(join(out, name));
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
  if (!built.equals(bytes)) {
    differs = true;
    console.error(`${name} is not what the sources and package-lock.json build: npm run build`);
  }
}
process.exitCode = differs ? 1 : 0;
if (!differs) console.log(checking ? "static files match" : "static files written");
