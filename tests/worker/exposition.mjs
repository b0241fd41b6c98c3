// The text format of Prometheus, read as the specs need it; and promtool, which reads it as Prometheus does.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { promtoolBinary } from "../../dev/tools.mjs";

const binary = promtoolBinary();
/** What `test` is told where there is no promtool: set-up says how to get it. */
export const withPromtool = { skip: binary === undefined && "promtool is not installed" };

/** Runs promtool, which must say that all is well. */
export function promtool(args, input) {
  const { status, stdout, stderr } = spawnSync(binary, args, { input, encoding: "utf8" });
  assert.equal(status, 0, `promtool ${args.join(" ")}: ${stdout}${stderr}`);
  // `check metrics` lints on stderr and succeeds all the same in some editions.
  if (args[1] === "metrics") assert.equal(`${stdout}${stderr}`, "");
}

/** `{kinds: name -> kind, values: series -> number}`; a series is written as in the text, labels included. */
export function parseExposition(text) {
  const [kinds, values] = [new Map(), new Map()];
  for (const line of text.trimEnd().split("\n")) {
    const [, name, kind] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    if (name) kinds.set(name, kind);
    if (line.startsWith("#")) continue;
    const [, series, value] = /^([a-z_]+(?:\{[^}]*\})?) (\S+)$/.exec(line) ?? assert.fail(line);
    assert.ok(!values.has(series), `${series} is there twice`);
    values.set(series, Number(value));
  }
  return { kinds, values };
}

/** The family of a series: its name without labels, and of a histogram without its suffix. */
export function familyOf(series, kinds) {
  const name = series.split("{")[0];
  return kinds.has(name) ? name : name.replace(/_(bucket|sum|count)$/, "");
}
