# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Tests that compile C with capcc and run what comes out, one condition a file, named by the condition. CAPCC_BUILD names a
# build tree (build/release). With CAPCC_LIT_NATIVE=1 the same tests run against plain clang with a stack limit of 4 GiB:
# that tests the tests, since what they expect is what C says, not what capcc does. Those that can only hold for capcc
# say so (REQUIRES: capcc).

import os
import shutil
import subprocess
import lit.formats

here = os.path.dirname(os.path.abspath(__file__))
native = os.environ.get("CAPCC_LIT_NATIVE") == "1"
build = os.environ.get("CAPCC_BUILD", "")
llvm_bin = "/usr/lib/llvm-22/bin"

if not native and not os.path.exists(os.path.join(build, "bin", "capcc")):
    lit_config.fatal("CAPCC_BUILD=%s: no bin/capcc there; run script/build and set CAPCC_BUILD to build/release" % build)
build = os.path.abspath(build) if build else ""

config.name = "capcc-lit-native" if native else "capcc-lit"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".c", ".test", ".ll"]
config.excludes = ["Inputs", "tools"]
config.test_source_root = here
config.test_exec_root = os.environ.get("CAPCC_LIT_OUT") or os.path.join(
    build or os.path.join(here, "..", "..", "build"), "test", config.name)

if native:
    config.excludes += ["pass", "house", "graph", "profile"]  # nothing there is about what a compiled program does
else:
    config.available_features.add("capcc")
    # Whether a file system may be mounted where nobody else sees it: some kernels and containers forbid it.
    if subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/tmp"], capture_output=True).returncode == 0:
        config.available_features.add("mount-namespace")
    if shutil.which("gnuplot"):  # Debian's gnuplot-nox, which only the figures of bench/plot need
        config.available_features.add("gnuplot")

tools = os.path.join(here, "tools")
compiler = os.path.join(tools, "native-cc") if native else os.path.join(build, "bin", "capcc")

# The tools read these; everything that could change how a program runs is left behind.
config.environment = {
    "PATH": os.pathsep.join([llvm_bin, "/usr/local/bin", "/usr/bin", "/bin"]),
    "HOME": os.environ.get("HOME", "/nonexistent"),
    "TMPDIR": os.environ.get("TMPDIR", "/tmp"),
    "LC_ALL": "C",
    "CAPCC": compiler,
    "CAPCC_LIT_NATIVE": "1" if native else "",
}

# The same tests, run by several workers: CAPRICCIO_WORKERS=4 lit test/lit/run; and with more levels of optimisation (tools/run-matrix).
for name in "CAPRICCIO_WORKERS", "CAPCC_LONG":
    if name in os.environ:
        config.environment[name] = os.environ[name]

# Longer names first: lit replaces in this order, and %run-modes begins like nothing else only by care.
config.substitutions += [
    ("%run-matrix", os.path.join(tools, "run-matrix")),
    ("%run-modes", os.path.join(tools, "run-modes")),
    ("%capcc", compiler),
    ("%plain-clang", os.path.join(llvm_bin, "clang") + " -pthread"),
    # No start-up files, no questions, no network; without address randomisation, as gdb likes it; one kernel thread.
    ("%gdb", "env CAPRICCIO_WORKERS=1 timeout 60 gdb -nx -batch -iex 'set debuginfod enabled off' -iex 'set width 0'"),
    ("%build", build),
    ("%source_root", os.path.dirname(os.path.dirname(here))),
    ("%pass", os.path.join(build, "lib", "capcc", "CapriccioPass.so")),
    ("%opt", os.path.join(llvm_bin, "opt")),
    ("FileCheck", os.path.join(llvm_bin, "FileCheck")),
]
