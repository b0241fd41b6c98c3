// The pages: web/ bundled into build/assets, which the platform serves without running the Worker. Names are hashed, so that they
// can be kept for ever.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const web = join(root, "web");
const out = join(root, "build", "assets");
const note = join(root, "build", ".assets");
const PAGES = ["index.html", "console.html"];
const HASHED = "assets";
// What a page names in `src` and `href` of its own; what begins with a slash is a route of the Worker.
const NAMED = /(src|href)="([a-z][\w/-]*\.(?:js|css))"/g;

/** What the pages are, by its paths from the root. */
export const ASSETS = ["build/assets", "build/.assets"];

/** Whether build/assets is there and was made of web/ as it is now. */
export function isBundled() {
  return existsSync(note) && PAGES.every((page) => existsSync(join(out, page))) && readFileSync(note, "utf8") === digest();
}

/** Makes build/assets anew if anything in web/ changed; gives the gzipped bytes of each file that a browser may load. */
export async function bundleAssets() {
  const sources = digest();
  if (!isBundled()) {
    await bundle();
    writeFileSync(note, sources);
  }
  return Object.fromEntries(served().map((name) => [name, gzipSync(readFileSync(join(out, name)), { level: 9 }).length]));
}

function digest() {
  const hash = createHash("sha256");
  const lock = join(root, "package-lock.json");
  for (const file of [...files(web), fileURLToPath(import.meta.url), lock]) hash.update(relative(root, file)).update(readFileSync(file));
  return hash.digest("hex");
}

async function bundle() {
  const pages = PAGES.map((name) => ({ name, text: readFileSync(join(web, name), "utf8") }));
  const entries = [...new Set(pages.flatMap(({ text }) => [...text.matchAll(NAMED)].map(([, , path]) => path)))];
  const { metafile, outputFiles } = await build({
    absWorkingDir: web,
    entryPoints: entries,
    entryNames: "[dir]-[name]-[hash]",
    outdir: join(out, HASHED),
    outbase: web,
    bundle: true,
    minify: true,
    format: "esm",
    target: ["es2022", "chrome111", "firefox115", "safari16.4"],
    charset: "utf8",
    legalComments: "none",
    metafile: true,
    write: false,
    logLevel: "warning",
  });
  const made = Object.entries(metafile.outputs).filter(([, { entryPoint }]) => entries.includes(entryPoint));
  const names = new Map(made.map(([path, { entryPoint }]) => [entryPoint, basename(path)]));
  mkdirSync(join(out, HASHED), { recursive: true });
  // What is named comes before what names it, and what nobody names any more goes last: whoever reloads meanwhile finds a whole page.
  for (const { path, contents } of outputFiles) put(join(HASHED, basename(path)), contents);
  for (const { name, text } of pages)
    put(
      name,
      text.replace(NAMED, (_, attribute, path) => `${attribute}="/${HASHED}/${names.get(path)}"`),
    );
  put("_headers", readFileSync(join(web, "_headers")));
  const kept = [...PAGES, "_headers", ...[...names.values()].map((name) => join(HASHED, name))];
  for (const file of files(out)) if (!kept.includes(relative(out, file))) rmSync(file, { force: true });
}

// Whole or not at all: several that watch web/ may do this side by side.
function put(name, content) {
  const unfinished = join(root, "build", `.assets-${process.pid}`);
  writeFileSync(unfinished, content);
  renameSync(unfinished, join(out, name));
}

function served() {
  return [...files(out)].map((file) => relative(out, file)).filter((name) => name !== "_headers");
}

function* files(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* files(path);
    else yield path;
  }
}
