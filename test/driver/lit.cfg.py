# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Tests of the driver: how lines are understood (--print-plan), what is refused, and what really comes out. CAPCC_BUILD names a build tree
# (build/release). Tests that need the pass and the runtime say so (REQUIRES: capriccio); all others run with the driver alone.

import os
import lit.formats

here = os.path.dirname(os.path.abspath(__file__))
build = os.environ.get("CAPCC_BUILD", "")
llvm_bin = "/usr/lib/llvm-22/bin"
if not os.path.exists(os.path.join(build, "bin", "capcc")):
    lit_config.fatal("CAPCC_BUILD=%s: no bin/capcc there; run script/build and set CAPCC_BUILD to build/release" % build)
build = os.path.abspath(build)
parts = os.path.join(build, "lib", "capcc")

config.name = "capcc-driver"
config.test_format = lit.formats.ShTest(execute_external=True)
config.suffixes = [".test"]
config.excludes = ["Inputs"]
config.test_source_root = here
config.test_exec_root = os.environ.get("CAPCC_LIT_OUT") or os.path.join(build, "test", config.name)
if all(os.path.exists(os.path.join(parts, f)) for f in ("CapriccioPass.so", "libcapr.a", "libcapr_calls.a", "capr.dynlist")):
    config.available_features.add("capriccio")
if os.geteuid() == 0:
    config.available_features.add("root")

cache = os.path.join(config.test_exec_root, "cache")
config.environment = {
    "PATH": os.pathsep.join([os.path.join(here, "Inputs"), llvm_bin, "/usr/local/bin", "/usr/bin", "/bin"]),
    "HOME": config.test_exec_root,
    "XDG_CACHE_HOME": cache,
    "TMPDIR": os.environ.get("TMPDIR", "/tmp"),
    "LC_ALL": "C",
    "CAPCC": os.path.join(build, "bin", "capcc"),
    "CAPCC_SOURCES": os.path.abspath(os.path.join(here, "..", "..", "tools", "capcc")),
}
config.substitutions += [
    ("%capcc", os.path.join(build, "bin", "capcc")),
    ("%clang", os.path.join(llvm_bin, "clang")),
    ("%inputs", os.path.join(here, "Inputs")),
    ("FileCheck", os.path.join(llvm_bin, "FileCheck")),
]
