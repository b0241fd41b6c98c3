// Versions of the tools that are no npm packages. wasm-bindgen-cli must be the version of Cargo.lock's wasm-bindgen.
export const WORKER_BUILD = "0.8.7";
export const WASM_BINDGEN = "0.2.130";
export const MUTANTS = "27.1.0";
