// Versions of the tools that are no npm packages. wasm-bindgen-cli must be the version of Cargo.lock's wasm-bindgen.
export const WORKER_BUILD = "0.8.7";
export const WASM_BINDGEN = "0.2.130";
// Of PyPI: they test the Worker from its OpenAPI document.
export const SCHEMATHESIS = "4.32.5";
export const OPENAPI_SPEC_VALIDATOR = "0.9.0";
export const MUTANTS = "27.1.0";
