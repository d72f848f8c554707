# Shared by the scripts of this folder; sourced, never run.

say() { printf '==> %s\n' "$*" >&2; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

use_local_node() {
  if [[ -x build/node/node_modules/node/bin/node ]]; then
    PATH="$PWD/build/node/node_modules/node/bin:$PATH"
  fi
}

node_is_recent() {
  use_local_node
  command -v node >/dev/null && command -v npm >/dev/null &&
    node -e 'const [a, b] = process.versions.node.split(".").map(Number);
             process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'
}

# build PRESET [TARGET...]: configures where needed and builds; all targets without names.
build() {
  local preset=$1 folder
  shift
  folder=build
  [[ $preset == release ]] || folder=build/$preset
  [[ -f $folder/build.ninja ]] || cmake --preset "$preset" >/dev/null
  say "building ($preset)"
  if [[ $# -gt 0 ]]; then
    cmake --build "$folder" -j "$(jobs_max)" --target "$@" >"$folder/build.log" 2>&1 ||
      { grep -v '^\[' "$folder/build.log" | tail -60 >&2; fail "the build failed ($folder/build.log)"; }
  else
    cmake --build "$folder" -j "$(jobs_max)" >"$folder/build.log" 2>&1 ||
      { grep -v '^\[' "$folder/build.log" | tail -60 >&2; fail "the build failed ($folder/build.log)"; }
  fi
}

jobs_max() { echo "${JOBS:-$(nproc)}"; }
