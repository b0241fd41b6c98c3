// The workflows of the repository's host: CI runs what `npm test` runs, releases build, deployments deploy what was built.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const workflow = read(".github/workflows/ci.yml");
const scripts = JSON.parse(read("package.json")).scripts;

test("every part of npm test is a step", () => {
  const parts = [...read("dev/tasks/test.mjs").matchAll(/runTask\("([\w/-]+)"/g)].map(([, name]) => name);
  assert.deepEqual(parts, ["lint", "test-native", "measure/instructions", "test-worker", "measure/bench", "soak"]);
  for (const part of parts) {
    const script = Object.keys(scripts).find((name) => scripts[name] === `node dev/task.mjs ${part}`);
    assert.match(workflow, new RegExp(`npm run ${script}\\b`), part);
  }
  const steps = [...read("dev/tasks/lint.mjs").matchAll(/^ {2}(\w+): \(\) =>/gm)].map(([, name]) => name);
  assert.deepEqual(steps, ["fmt", "clippy", "doc", "licences"]);
  for (const step of steps.slice(0, -1)) assert.ok(workflow.includes(`npm run lint -- ${step}\n`), step);
  assert.ok(workflow.includes("cargo deny --locked check licenses bans"));
  assert.ok(read(".ci/run").includes("npm test"));
});

test("they have no more rights than they need, and their actions are pinned by their commits", () => {
  const names = readdirSync(new URL("../../.github/workflows", import.meta.url)).sort();
  assert.deepEqual(names, ["ci.yml", "deploy.yml", "release.yml"]);
  for (const name of names) {
    const text = read(`.github/workflows/${name}`);
    assert.match(text, /^permissions: \{\}$/m, name);
    const granted = [...text.matchAll(/^ {6}(\w+): (read|write)$/gm)].map(([, what, right]) => `${what}: ${right}`);
    assert.deepEqual([...new Set(granted)], [name === "release.yml" ? "contents: write" : "contents: read"], name);
    for (const [, action] of text.matchAll(/uses: (\S+)/g)) assert.match(action, /@[0-9a-f]{40}$/, name);
    // What a client of the host can name (tags, inputs) reaches a shell through the environment alone.
    for (const [, script] of text.matchAll(/^ +run: ([^]*?)(?=^ +(?:- |env:)|$(?![^]))/gm)) assert.ok(!script.includes("${{"), `${name}: ${script}`);
  }
});

test("a release attaches what a deployment takes", () => {
  const [release, deploy] = [read(".github/workflows/release.yml"), read(".github/workflows/deploy.yml")];
  for (const script of ["package", "deploy"]) assert.ok(scripts[script], script);
  assert.match(release, /npm run package\n/);
  assert.match(deploy, /npm run deploy -- --env "\$ENVIRONMENT" --prebuilt\n/);
  const environments = /options: \[(.+)\]/.exec(deploy)[1].split(", ");
  for (const name of environments) assert.ok(read("wrangler.toml").includes(`[env.${name}.secrets]`), name);
});
