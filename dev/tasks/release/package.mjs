// Packs build/ as a release has it, with its checksum: who deploys it needs no Rust.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { run, runTask } from "../../run.mjs";
import { BUILD } from "../../sources.mjs";

const { name, version } = JSON.parse(readFileSync("package.json", "utf8"));
const folder = "build/release";
const archive = `${name}-v${version}.tar.gz`;

runTask("build");
mkdirSync(folder, { recursive: true });
run("tar", ["-czf", `${folder}/${archive}`, ...BUILD]);
const digest = createHash("sha256").update(readFileSync(`${folder}/${archive}`)).digest("hex");
writeFileSync(`${folder}/${archive}.sha256`, `${digest}  ${archive}\n`);
process.stdout.write(`[package] ${folder}/${archive}\n`);
