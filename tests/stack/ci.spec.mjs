// The workflow of the repository's host runs what `npm test` runs, and with no more rights than it needs.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
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

test("it may read the repository, and its actions are pinned by their commits", () => {
  assert.match(workflow, /^permissions: \{\}$/m);
  const granted = [...workflow.matchAll(/^ {6}(\w+): (read|write)$/gm)].map(([, what, right]) => `${what}: ${right}`);
  assert.deepEqual([...new Set(granted)], ["contents: read"]);
  for (const [, action] of workflow.matchAll(/uses: (\S+)/g)) assert.match(action, /@[0-9a-f]{40}$/);
});
