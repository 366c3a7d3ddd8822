# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Tests of capstack. Reads the build directory from CAPCC_BUILD (its bin/capstack is tested). Most tests assemble a few
# functions into a shared object, so that each path of the analysis has one small input, named by its condition.
import os
import lit.formats

here = os.path.dirname(os.path.abspath(__file__))
build = os.environ.get("CAPCC_BUILD") or os.path.join(here, "..", "..", "build", "release")
capstack = os.path.join(os.path.abspath(build), "bin", "capstack")
if not os.access(capstack, os.X_OK):
    lit_config.fatal("capstack: error: %s: not there: build it, and name the build directory in CAPCC_BUILD" % capstack)

config.name = "capstack"
config.test_format = lit.formats.ShTest(execute_external=True)
config.excludes = ["Inputs"]
config.suffixes = [".s", ".test"]
config.test_source_root = here
config.test_exec_root = os.path.join(os.path.abspath(build), "test", "capstack")
config.environment["LC_ALL"] = "C"
config.environment["PATH"] = os.pathsep.join(["/usr/lib/llvm-22/bin", "/usr/local/bin", "/usr/bin", "/bin"])

link = "clang-22 -shared -nostdlib -fuse-ld=lld -Wl,--build-id"
# A release build needs 0.1 s of processor time for libc's whitelist, one without optimisation 1 s, with sanitizers 5 s.
with open(capstack, "rb") as program:
    seconds = 30 if b"__asan_init" in program.read() else 2
config.substitutions += [
    ("%cpu-seconds", str(seconds)),
    ("%capstack-alone", capstack),
    # A test that hangs is a test that failed.
    ("%capstack", "timeout 60 " + capstack),
    ("%link-now", link + " -Wl,-z,now"),
    ("%link", link + " -Wl,-z,lazy"),
    ("%capcc", os.path.join(os.path.abspath(build), "bin", "capcc")),
    ("%cc", "clang-22 -O2 -Wall -Wextra -Werror"),
    ("%filecheck", "FileCheck-22 --match-full-lines"),
    ("%here", here),
]
