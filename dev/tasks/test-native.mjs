// The tests that need no Worker and no server. Arguments go to cargo.
import { run } from "../run.mjs";

run("cargo", ["test", "--locked", ...process.argv.slice(2)]);
