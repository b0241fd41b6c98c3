// Formats the Rust sources; `npm run lint` checks that they are.
import { run } from "../run.mjs";

run("cargo", ["fmt"]);
